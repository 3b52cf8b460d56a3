"""File names fit for any disk, and what first bytes give away."""

import pytest

from maild.core.mail.attachments import MAX_NAME_BYTES, made_up_name, safe_name, sniff


@pytest.mark.parametrize(
    ("written", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ann\scan.png", "scan.png"),
        ("/", ""),
        ("..", ""),
        (".htaccess", "htaccess"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("in\u200bvisible.txt", "invisible.txt"),
        ("new\r\nline.txt", "newline.txt"),
        ("nul\x00.txt", "nul.txt".replace("nul", "_nul")),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("a:b|c?.txt", "a_b_c_.txt"),
        ("e\u0301.txt", "é.txt"),
        ("\ud800.txt", "txt"),
        ("trailing. ", "trailing"),
        ("", ""),
    ],
)
def test_safe_name(written: str, safe: str) -> None:
    assert safe_name(written) == safe


def test_long_names_keep_their_extension() -> None:
    name = safe_name("ü" * 200 + ".pdf")
    assert name.endswith(".pdf")
    assert len(name.encode()) <= MAX_NAME_BYTES


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"MZ\x90", "application/vnd.microsoft.portable-executable"),
        (b"PK\x03\x04", "application/zip"),
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_sniff(data: bytes, kind: str) -> None:
    assert sniff(data) == kind


def test_a_name_where_there_is_none() -> None:
    assert made_up_name("image/png", 2) == "part-2.png"
    assert made_up_name("application/x-odd", 1) == "part-1.bin"
