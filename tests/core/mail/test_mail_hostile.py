"""Nothing raises, nothing hangs: fuzzed letters and bombs of a megabyte."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail import content, corpus_answer, fingerprint, read, safe_html
from maild.core.model import Message
from tests.core.mail.bombs import BOMBS, Bomb

N = 1_000_000  # bytes
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
    assert key.count(":") == 2
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


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs(bomb: Bomb) -> None:
    raw = bomb(N)
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
