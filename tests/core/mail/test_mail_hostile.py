"""Nothing raises, nothing hangs: fuzzed letters and bombs of a megabyte."""

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail import content, corpus_answer, fingerprint, read, safe_html
from maild.core.model import Message

LIMIT = 1.5  # CPU seconds; each takes well under half of one on a slow machine

SPICES = [
    b"\r\n", b"\n", b"\r", b"\n\n", b" ", b"\t", b"--b", b"--b--", b"\n--b\n", b"\n--b--\n", b"From: ", b"To: ", b"Subject: ", b"Date: ",
    b"Message-ID: <", b">", b"<", b"@", b"a@b.example", b'"', b"(", b")", b",", b";", b":", b"\\", b"=?utf-8?q?", b"=?utf-8?B?", b"?=",
    b"=C3", b"=0D=0A", b"Content-Type: multipart/mixed; boundary=b\n\n", b"Content-Type: text/html; charset=", b"Content-Type: message/rfc822\n\n",
    b"utf-7", b"iso-2022-jp", b"utf-16", b"hex", b"\x00", b"\xff\xfe", b"\xc3", b"\x1b$B", b"+2AA-", b"; name*0*=utf-8''%", b"; name=",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n", b"AAA=", b"begin 644 x\n", b"\nend\n", b"> ",
    b"wrote:", b"On 2020-01-01 ", b"-- \n", b"<div class=gmail_quote>", b"<blockquote>", b"</", b"<!--", b"Final-Recipient: rfc822;",
    b"Content-Type: message/delivery-status\n\n", b"MAILER-DAEMON", b"Undelivered", "ü".encode(), "写道：".encode(), "\u202e".encode(),
]  # fmt: skip


def check(raw: bytes) -> Message:
    message = read(raw)
    assert not any(defect.startswith("not understood") for defect in message.defects), message.defects
    json.dumps(corpus_answer(raw, {}), ensure_ascii=False).encode("utf-8")  # no lone surrogates anywhere
    assert "\x00" not in message.text + message.subject + message.new_text + message.html
    for values in message.headers.values():
        assert not any("\r" in value or "\n" in value for value in values)
    for file in message.attachments:
        assert file.filename
        assert len(content(raw, file.index)) == file.size
    key, bare = fingerprint(raw, ["a@b.example"])
    assert len(key) == 129
    assert "<" not in bare
    return message


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_give_a_message(raw: bytes) -> None:
    check(raw)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(SPICES), max_size=60))
def test_any_soup_of_mail_gives_a_message(pieces: list[bytes]) -> None:
    check(b"".join(pieces))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_html_is_made_safe(html: str) -> None:
    safe_html(html).encode("utf-8")


N = 1_000_000
HEAD = b"From: a@b.example\nTo: c@d.example\nSubject: x\n"
HTML = HEAD + b"Content-Type: text/html\n\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"
DAEMON = b"From: mailer-daemon@x.example\nSubject: Undelivered\n\n"


def times(head: bytes, piece: bytes, tail: bytes = b"\n\nhi") -> Callable[[], bytes]:
    return lambda: head + piece * (N // len(piece)) + tail


BOMBS: dict[str, Callable[[], bytes]] = {
    "crlf": times(HEAD + b"\n", b"\r\n"),
    "blank header lines": times(HEAD, b" \n"),
    "nothing but line ends": times(b"", b"\n"),
    "nul": times(b"", b"\0"),
    "brackets in cc": times(HEAD + b"Cc: ", b"("),
    "quotes in cc": times(HEAD + b"Cc: ", b'"'),
    "escaped quotes in cc": times(HEAD + b"Cc: ", b'"\\'),
    "angles in cc": times(HEAD + b"Cc: ", b"<"),
    "commas in cc": times(HEAD + b"Cc: ", b","),
    "ats in cc": times(HEAD + b"Cc: ", b"a@"),
    "blanks in cc": times(HEAD + b"Cc: a", b" "),
    "many addresses": times(HEAD + b"Cc: ", b"a b <a@b.c>, "),
    "many fields": times(b"", b"X: y\n"),
    "many from fields": times(b"", b"From: a (\n"),
    "junk in the header": times(b"From: a@b\n", b"junk\n"),
    "junk between fields": times(b"From: a@b\n", b"junk\nTo: x\n"),
    "encoded words": times(b"Subject: ", b"=?utf-8?q?a?= "),
    "open encoded words": times(b"Subject: ", b"=?a?q?"),
    "open encoded words in many fields": times(b"", b"X-A: " + b"=?a?q?" * 2_300 + b"\n"),
    "references": times(b"References: ", b"<a"),
    "parameters": times(b"Content-Type: text/plain", b"; a=b"),
    "semicolons": times(b"Content-Type: text/plain", b";"),
    "semicolons in many parts": times(MIXED, b"--b\nContent-Type: text/plain" + b"; " * 4_000 + b"\n\nx\n"),
    "continuations": lambda: b"Content-Type: x/y" + b"".join(b";\n name*%d*=a" % n for n in range(40_000)) + b"\n\nhi",
    "empty parts": times(MIXED, b"--b\n"),
    "other delimiters": times(MIXED, b"--c\n"),
    "multiparts without boundary": times(MIXED, b"--b\nContent-Type: multipart/mixed\n\n"),
    "ten thousand nested multiparts": lambda: (
        HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(10_000))
    ),
    "ten thousand nested letters": lambda: HEAD + b"Content-Type: message/rfc822\n\n" * 10_000,
    "one line": times(HEAD + b"\n", b"a"),
    "blanks": times(HEAD + b"\n", b" "),
    "quote signs": times(HEAD + b"\n", b">"),
    "quoted lines": times(HEAD + b"\n", b">\n"),
    "quoted lines with gaps": times(HEAD + b"\n", b"> a\n\n"),
    "on": times(HEAD + b"\n", b"On a\n"),
    "colons": times(HEAD + b"\n", b"a:\n"),
    "attributions": times(HEAD + b"\n", b"wrote:\n"),
    "header blocks": times(HEAD + b"\n", b"From:\n"),
    "torn addresses": times(HEAD + b"\n", b"a <b\n>:\n"),
    "dashes": times(HEAD + b"\n", b"-"),
    "signatures": times(HEAD + b"\n", b"-- \n"),
    "rules": times(HEAD + b"\n", b"_" * 60 + b"\n"),
    "devices": times(HEAD + b"\n", b"sent from my phone\n"),
    "flowed": times(HEAD + b"Content-Type: text/plain; format=flowed\n\n", b"a \n"),
    "uuencode": times(HEAD + b"\n", b"begin 644 a\n"),
    "uuencoded files": times(HEAD + b"\n", b"begin 644 a\nend\n"),
    "base64": times(HEAD + b"Content-Type: x/y\nContent-Transfer-Encoding: base64\n\n", b"A=\n"),
    "quoted-printable": times(HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n", b"=\n"),
    "iso-2022-jp": times(HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\x1b$B"),
    "divs": times(HTML, b"<div>"),
    "open tags": times(HTML, b"<a "),
    "comments": times(HTML, b"<!--"),
    "blockquotes": times(HTML, b"<blockquote>a"),
    "quote containers": times(HTML, b"<div class=gmail_quote>a"),
    "tables": times(HTML, b"<table><tr><td>"),
    "formatting": times(HTML, b"<b><p>"),
    "breaks": times(HTML, b"<br>"),
    "bounced addresses": times(DAEMON, b"a@b.c "),
    "bounce lines": times(DAEMON, b"<a@b.c>: unknown\n"),
    "bounce ats": times(DAEMON, b"a@"),
    "status fields": times(b"Content-Type: message/delivery-status\n\n", b"Final-Recipient: rfc822;a@b.c\n"),
    "folded status fields": times(b"Content-Type: message/delivery-status\n\n", b"\n "),
    "date": times(b"Date: ", b"1 "),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs(bomb: Callable[[], bytes]) -> None:
    raw = bomb()
    begun = time.process_time()
    message = read(raw)
    fingerprint(raw, [])
    assert time.process_time() - begun < LIMIT
    assert not any(defect.startswith("not understood") for defect in message.defects)


@pytest.mark.parametrize("piece", ["<div>", "<a ", "<!--", "<blockquote>a", "<table><tr><td>", "<b><p>", "<", "&"])
def test_html_bombs_are_made_safe_in_time(piece: str) -> None:
    begun = time.process_time()
    safe_html(piece * (N // len(piece)))
    assert time.process_time() - begun < LIMIT
