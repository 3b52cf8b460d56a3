"""From bytes to text, HTML and files: MIME in any nesting and any state of repair."""

import base64
import hashlib

import pytest

from maild.core.mail import content, read, structure
from maild.core.mail.bodies import unflowed
from maild.core.model import Message

HEAD = "From: Ann <ann@x.example>\nTo: desk@d.example\nSubject: Lamp\n"


def letter(rest: str) -> Message:
    return read((HEAD + rest).encode())


def test_a_plain_letter() -> None:
    message = letter("Message-ID: <1@x>\nDate: Mon, 2 Sep 2024 12:00:00 +0200\n\nIt is red.\n")
    assert message.sender is not None
    assert (message.sender.email, message.sender.name) == ("ann@x.example", "Ann")
    assert message.subject == "Lamp"
    assert message.text == message.new_text + "\n" == "It is red.\n"
    assert message.message_id == "1@x"
    assert message.date is not None
    assert message.date.isoformat() == "2024-09-02T10:00:00+00:00"
    assert message.header("To") == "desk@d.example"
    assert message.defects == ()


def test_exactly_one_author_or_none() -> None:
    assert read(b"From: a@x.example, b@x.example\n\n").sender is None
    two = read(b"From: a@x.example\nFrom: b@x.example\n\n")
    assert two.sender is None
    assert [address.email for address in two.from_] == ["a@x.example", "b@x.example"]
    assert read(b"From: nobody\n\n").sender is None


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("Content-Transfer-Encoding: quoted-printable\n\na =3D b=\nc\n", "a = bc\n"),
        ("Content-Transfer-Encoding: base64\n\naGVsbG8=\n", "hello"),
        ("Content-Transfer-Encoding: base64.\n\naGVs*bG8\n", "hello"),
        ("Content-Transfer-Encoding: nonsense\n\nhello", "hello"),
        ("Content-Type: text/plain; charset=nosuch\n\nhello", "hello"),
        ("Content-Type: text/plain; charset=\n\nhello", "hello"),
        ("Content-Type: text\n\nhello", "hello"),
        ("Content-Type: multipart/mixed\n\nhello", "hello"),
        ("Content-Type: multipart/mixed; boundary=b\n\nno parts", "no parts"),
        ("Content-Type: text/plain; format=flowed\n\none \ntwo\n", "one two\n"),
        ("\nline\r\nends\rof\nall kinds", "line\nends\nof\nall kinds"),
        ("Content-Type: text/html\n\n<p>a</p><p>b<br>c", "a\n\nb\nc"),
    ],
)
def test_single_parts(rest: str, text: str) -> None:
    assert letter(rest).text == text


def parts(kind: str, *bodies: str, boundary: str = "b") -> str:
    joined = "".join(f"--{boundary}\n{body}\n" for body in bodies)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\npreamble\n{joined}--{boundary}--\nepilogue\n"


PLAIN = "Content-Type: text/plain\n\nplain"
HTML = "Content-Type: text/html\n\n<b>html</b>"
EMPTY = "Content-Type: text/plain\n\n \n"
FILE = 'Content-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0='


@pytest.mark.parametrize(
    ("rest", "text", "html", "files"),
    [
        (parts("alternative", PLAIN, HTML), "plain", "<b>html</b>", []),
        (parts("alternative", HTML, PLAIN), "plain", "<b>html</b>", []),
        (parts("alternative", EMPTY, HTML), "html", "<b>html</b>", []),
        (parts("mixed", PLAIN, FILE), "plain", "", ["a.pdf"]),
        (parts("mixed", PLAIN, FILE, "\nmore"), "plain\n\nmore", "", ["a.pdf"]),
        (parts("mixed", parts("alternative", PLAIN, HTML, boundary="c"), FILE), "plain", "<b>html</b>", ["a.pdf"]),
        (parts("alternative", PLAIN, parts("related", HTML, FILE, boundary="c")), "plain", "<b>html</b>", ["a.pdf"]),
        (
            parts(
                "mixed", PLAIN, "Content-Type: message/rfc822\n\n" + HEAD + parts("mixed", PLAIN, FILE, boundary="z")
            ),
            "plain",
            "",
            ["part-1.eml"],
        ),
        (parts("digest", HEAD + "\nin a digest"), "", "", ["part-1.eml"]),
        (parts("alternative", PLAIN, "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"), "plain", "", ["part-1.ics"]),
        (
            parts("mixed", PLAIN, "Content-Disposition: attachment; filename=note.txt\n\nnote"),
            "plain",
            "",
            ["note.txt"],
        ),
        (parts("mixed", PLAIN, "Content-Disposition: inline; filename=log.txt\n\nlog"), "plain", "", ["log.txt"]),
        (parts("mixed", 'Content-Type: text/plain; name="typed.txt"\n\ntyped'), "typed", "", ["typed.txt"]),
        (parts("mixed", PLAIN, FILE).replace("--b--\nepilogue\n", ""), "plain", "", ["a.pdf"]),
        (parts("mixed", PLAIN, FILE).replace("boundary=b", "x=y"), "plain", "", ["a.pdf"]),
        (parts("mixed", PLAIN, FILE).replace("boundary=b", "boundary=wrong"), "plain", "", ["a.pdf"]),
        (parts("mixed", PLAIN, FILE).replace("\n", "\r\n"), "plain", "", ["a.pdf"]),
        (parts("mixed", PLAIN, FILE).replace("--b\n", "--b  \n"), "plain", "", ["a.pdf"]),
        (parts("mixed", PLAIN, parts("mixed", "\ninner", boundary="b")), "plain\n\ninner", "", []),
        (parts("mixed", "\nbody without header"), "body without header", "", []),
        (parts("report", PLAIN, "Content-Type: message/delivery-status\n\nX: y"), "plain", "", ["part-1.bin"]),
    ],
)
def test_multiparts(rest: str, text: str, html: str, files: list[str]) -> None:
    message = letter(rest)
    assert message.text.strip() == text
    assert message.html == html
    assert [file.filename for file in message.attachments] == files


def test_files_are_described_and_found_again() -> None:
    data = bytes(range(256)) * 9
    encoded = base64.encodebytes(data).decode()
    raw = (
        HEAD
        + parts(
            "related",
            HTML,
            f"Content-Type: image/png; name=../x.png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\n{encoded}",
            "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''%c3%bc.bin\n\n%PDF-1.7",
        )
    ).encode()
    first, second = read(raw).attachments
    assert (first.filename, first.content_type, first.inline, first.content_id) == ("x.png", "image/png", True, "pic@x")
    assert (first.size, first.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (second.filename, second.sniffed_type, second.inline) == ("ü.bin", "application/pdf", False)
    assert content(raw, first.index) == data
    assert content(raw, second.index) == b"%PDF-1.7"
    assert content(raw, 2) == content(raw, -1) == b""


def test_uuencoded_files_come_out_of_the_text() -> None:
    raw = HEAD + "\nSee below.\n\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\n\nBye.\n"
    message = read(raw.encode())
    assert message.text == "See below.\n\n\nBye.\n"
    assert [(file.filename, file.size) for file in message.attachments] == [("a.txt", 5)]
    assert content(raw.encode(), 0) == b"hello"


@pytest.mark.parametrize(
    ("flowed", "delsp", "text"),
    [
        ("one \ntwo\n", False, "one two\n"),
        ("one \ntwo\n", True, "onetwo\n"),
        ("> one \n> two\nthree", False, "> one two\nthree"),
        ("> one \n>> two", False, "> one \n>> two"),
        (" >no quote\n", False, ">no quote\n"),
        ("bye \n-- \nAnn", False, "bye \n-- \nAnn"),
    ],
)
def test_unflowed(flowed: str, delsp: bool, text: str) -> None:
    assert unflowed(flowed, delsp) == text


def test_depth_and_number_of_parts_have_caps() -> None:
    deep = read(
        HEAD.encode() + b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(300))
    )
    assert "nested too deeply" in deep.defects
    many = read((HEAD + parts("mixed", *["Content-Type: x/y\n\nz"] * 1_500)).encode())
    assert len(many.attachments) <= structure.MAX_PARTS
    assert "more parts than are looked at" in many.defects


def test_bare_cr_and_blank_lines_before_the_header() -> None:
    assert read(b"From: a@x.example\rSubject: s\r\rhi").subject == "s"
    assert read(b"\r\n  \r\nFrom: a@x.example\r\nSubject: s\r\n\r\nhi").subject == "s"


def test_raw_eight_bit_headers_use_the_letter_s_charset() -> None:
    raw = "Subject: Привет\nContent-Type: text/plain; charset=koi8-r\n\nмир".encode("koi8-r")
    assert (read(raw).subject, read(raw).text) == ("Привет", "мир")
    assert read("Subject: grün\n\n".encode()).subject == "grün"


def test_a_bug_in_reading_a_body_costs_neither_subject_nor_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, subject: str = "") -> str:
        if text:
            raise RecursionError("deep")
        return ""

    monkeypatch.setattr("maild.core.mail.quoting.new_text", broken)
    message = letter("\nhello")
    assert message.subject == "Lamp"
    assert message.sender is not None
    assert not message.answerable
    assert message.defects[-1] == "not understood: RecursionError: deep"
