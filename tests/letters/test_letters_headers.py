"""Headers as somebody else's parser (email.policy.default) reads them back."""

from __future__ import annotations

import time
from email import message_from_bytes
from email import policy as email_policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.letters import headers
from maild.letters.headers import BadHeader

LINES = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co"]), max_size=300).map(
    lambda text: " ".join(text.split())
)
ATTACKS = ["a\rb", "a\nb", "a\r\nBcc: x@y", "a\0b", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb", "a\ud800b"]


def parsed(raw: bytes, name: str):  # type: ignore[no-untyped-def]  # the parser gives a class of its own for each field
    return message_from_bytes(raw + b"\r\n", policy=email_policy.default)[name]


@given(LINES)
def test_a_subject_comes_back_as_it_was(subject: str) -> None:
    raw = headers.text("Subject", subject)
    assert str(parsed(raw, "Subject")) == subject
    assert all(len(line) <= headers.HARD_LINE for line in raw.split(b"\r\n"))
    assert raw.isascii()


@given(LINES)
def test_lines_with_encoded_words_are_at_most_76_long(subject: str) -> None:
    raw = headers.text("Subject", subject)
    assert all(len(line) <= 76 for line in raw.split(b"\r\n") if b"=?utf-8?b?" in line)


@pytest.mark.parametrize("tricky", ["=?utf-8?q?=0D=0ABcc:_x=40y?=", "=?utf-8?b?DQo=?=", "a =? b ?= c", "a =?x"])
def test_text_that_looks_encoded_is_read_literally(tricky: str) -> None:
    raw = headers.text("Subject", tricky)
    assert str(parsed(raw, "Subject")) == tricky
    assert tricky.encode() not in raw


def test_a_word_too_long_for_a_line_is_encoded() -> None:
    raw = headers.text("Subject", "x" * 5000)
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert str(parsed(raw, "Subject")) == "x" * 5000


@given(LINES.map(lambda name: name[:100].strip()))
def test_a_display_name_comes_back_as_it_was(name: str) -> None:
    raw = headers.mailbox("To", name, "karen@customer.example")
    # policy.default leaves blanks between encoded words of a phrase; the older reader has RFC 2047 right.
    display, email = parseaddr(message_from_bytes(raw + b"\r\n")["To"])
    assert email == "karen@customer.example"
    assert str(make_header(decode_header(display))) == name
    assert all(len(line) <= headers.HARD_LINE for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_control_characters_are_refused(attack: str) -> None:
    with pytest.raises(BadHeader):
        headers.text("Subject", attack)
    with pytest.raises(BadHeader):
        headers.mailbox("To", attack, "karen@customer.example")
    with pytest.raises(BadHeader):
        headers.mailbox("To", "Karen", f"{attack}@customer.example")
    with pytest.raises(BadHeader):
        headers.address(f"{attack}@customer.example")
    with pytest.raises(BadHeader):
        headers.address(f"karen@{attack}")
    with pytest.raises(BadHeader):
        headers.file_names(attack)
    assert headers.ids("References", [attack, "good@id.example"]) == b"References: <good@id.example>\r\n"


@pytest.mark.parametrize("name", ["Bad Name", "Bad:", "", "Bäd", "X\r\nY"])
def test_only_header_names_are_header_names(name: str) -> None:
    with pytest.raises(BadHeader):
        headers.text(name, "value")


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        ("karen@customer.example", "karen@customer.example"),
        ("o'hara+x@b.example", "o'hara+x@b.example"),
        ("a..b@docomo.example", '"a..b"@docomo.example'),
        (".a@docomo.example", '".a"@docomo.example'),
        ('"a b"@x.example', '"a b"@x.example'),
        ("post@müller.example", "post@xn--mller-kva.example"),
        ("jürgen@müller.example", "jürgen@xn--mller-kva.example"),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
    ],
)
def test_addresses_have_one_written_form(given_: str, written: str) -> None:
    assert headers.address(given_) == written


@pytest.mark.parametrize(
    "bad",
    [
        "", "karen", "@x.example", "karen@", "a b@x.example", "a@b c", "a@b>,<c@d", "<a@b>", "a,b@c", "a@b@c@", "a@-ü..example",
        "x" * 250 + "@x.example", "a@" + "ü" * 300, 'a"@x.example', '"a@x.example', "a@x.example>\u2028RCPT", "a(b)@x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(BadHeader):
        headers.address(bad)


def test_message_ids_stand_whole_on_their_lines() -> None:
    microsoft = "AM9PR0302MB3492" + "7" * 60 + "@AM9PR0302MB3492.eurprd03.prod.outlook.example"
    raw = headers.ids("References", ["a@b", microsoft, "has blank@b", "ünicode@b", "x" * 991 + "@b", "<nested>@b"])
    assert raw == b"References: <a@b>\r\n <" + microsoft.encode() + b">\r\n"
    assert headers.ids("In-Reply-To", ["no id at all"]) == b""


@given(LINES.map(lambda name: name[:120].strip()).filter(bool))
def test_file_names_come_back_as_they_were(name: str) -> None:
    in_type, in_disposition = headers.file_names(name)
    raw = f"Content-Type: image/png{in_type}\r\nContent-Disposition: attachment{in_disposition}\r\n\r\nx"
    assert raw.isascii()
    assert all(len(line) <= headers.HARD_LINE for line in raw.split("\r\n"))
    part = message_from_bytes(raw.encode(), policy=email_policy.default)
    assert part["Content-Disposition"].params["filename"] == name


def test_a_long_file_name_is_continued_and_still_has_its_old_form() -> None:
    name = "Überweisung " * 9 + ".pdf"
    in_type, in_disposition = headers.file_names(name)
    assert " filename*0*=utf-8''" in in_disposition
    assert " filename*1*=" in in_disposition
    assert ' name="=?utf-8?b?' in in_type
    assert max(map(len, (in_type + in_disposition).split("\r\n"))) <= 78


def test_an_address_or_an_id_that_somebody_would_decode_is_not_written() -> None:
    with pytest.raises(headers.BadHeader):
        headers.address("=?utf-8?b?eA0KQmNjOiBldmlsQHguZXhhbXBsZQ==?=@customer.example")
    assert headers.ids("References", ["=?utf-8?b?eA0KQmNjOiBldmls?=@x", "good@x"]) == b"References: <good@x>\r\n"


@pytest.mark.parametrize("local", ["a" * 200 + "(", "." * 200 + "(", "a." * 100 + "(", '"' + "\\a" * 90 + "("])
def test_an_odd_address_is_refused_in_no_time(local: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(headers.BadHeader):
        headers.address(f"{local}@customer.example")
    assert time.perf_counter() - begun < 0.5
