"""Charsets: aliases, lies, silence."""

import pytest

from maild.core.mail.charsets import codec, decode


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"plain", "", "plain"),
        ("grün".encode(), "utf-8", "grün"),
        ("grün".encode(), "us-ascii", "grün"),  # a lie, and the truth is plain to see
        ("grün".encode(), "iso-8859-1", "grün"),
        ("grün".encode("latin-1"), "utf-8", "grün"),
        ("grün".encode("latin-1"), "", "grün"),
        ("“grün”".encode("cp1252"), "iso-8859-1", "“grün”"),  # everyone means Windows' superset
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("Привет".encode("cp1251"), "windows-1251", "Привет"),
        ("你好".encode("gbk"), "gb2312", "你好"),
        ("안녕".encode("cp949"), "ks_c_5601-1987", "안녕"),
        ("日本".encode("cp932"), "shift_jis", "日本"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        ("日本".encode("iso2022_jp"), "", "日本"),
        ("grün".encode(), "uft-8", "grün"),
        ("grün".encode(), "nosuch", "grün"),
        ("grün".encode(), "\x00", "grün"),
        ("grün".encode("utf-16"), "utf-16", "grün"),
        (b"Gr+APw-n", "utf-7", "Grün"),
        ("größer".encode()[:3], "utf-8", "gr\u00c3"),  # cut in the middle: too short to tell
        (("größer " * 9).encode()[:-6], "utf-8", "größer " * 8 + "gr\ufffd"),
    ],
)
def test_decode(data: bytes, charset: str, text: str) -> None:
    assert decode(data, charset) == text


@pytest.mark.parametrize(
    "name", ["hex", "zip", "rot13", "idna", "punycode", "undefined", "unicode_escape", "", "a\x00b", "x" * 99]
)
def test_what_is_no_charset(name: str) -> None:
    assert codec(name) == ""


def test_lone_surrogates_never_come_out() -> None:
    assert decode(b"+2AA-", "utf-7").encode("utf-8")
