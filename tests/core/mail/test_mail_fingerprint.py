"""What makes two deliveries one letter."""

from maild.core.mail import fingerprint

LETTER = b"Received: from a\r\nMessage-ID: <a@b>\r\nFrom: x@y.example\r\nSubject: s\r\nDate: d\r\n\r\nhello\r\n"


def key(raw: bytes, *rcpts: str) -> str:
    return fingerprint(raw, rcpts)[0]


def test_trace_fields_line_ends_and_order_of_recipients_do_not_matter() -> None:
    again = LETTER.replace(b"from a", b"from b").replace(b"\r\n", b"\n")
    assert key(LETTER, "a@d.example", "B@d.example") == key(again, "b@D.example", "a@d.example")


def test_another_body_author_or_recipient_is_another_letter() -> None:
    keys = {
        key(LETTER, "a@d.example"),
        key(LETTER, "b@d.example"),
        key(LETTER.replace(b"hello", b"goodbye"), "a@d.example"),
        key(LETTER.replace(b"x@y", b"z@y"), "a@d.example"),
        key(LETTER.replace(b"<a@b>", b"<c@b>"), "a@d.example"),
    }
    assert len(keys) == 5


def test_fields_cannot_be_shifted_into_each_other() -> None:
    one = b"From: ab\nDate: c\n\n"
    other = b"From: a\nDate: bc\n\n"
    assert key(one) != key(other)


def test_the_message_id_is_bare() -> None:
    assert fingerprint(LETTER, [])[1] == "a@b"
    assert fingerprint(b"no header", [])[1] == ""
