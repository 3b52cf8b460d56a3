"""The pipe door: exit codes, and nothing said that a stranger should not read."""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, BinaryIO

import pytest
from smtp_rig import NOON, WritingDesk, done, is_ours

from maild.core.model import Envelope, Receipt
from maild.edges import pipe

LETTER = b"From: karen@bank.example\nSubject: printer\n\nIt burns.\n"


def deliver(
    desk: WritingDesk,
    stdin: bytes | BinaryIO = LETTER,
    recipients: Sequence[str] = ("support@desk.example",),
    sender: str | None = "karen@bank.example",
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> int:
    return pipe.main(
        io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin,
        desk.accept,
        recipients=recipients,
        sender=sender,
        environ=environ or {},
        is_ours=is_ours,
        clock=lambda: NOON,
        **more,
    )


def test_a_letter_is_handed_on_as_it_came(writing_desk: WritingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(writing_desk) == 0
    assert writing_desk.letter == Envelope(
        raw=LETTER, mail_from="karen@bank.example", rcpts=("support@desk.example",), received_at=NOON, door="pipe"
    )
    assert capsys.readouterr() == ("", "")


def test_a_real_pipe_is_read_to_its_end(writing_desk: WritingDesk) -> None:
    letter = LETTER + b"x" * 3_000_000
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as out:
            out.write(letter)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb", buffering=0) as stdin:  # short reads
        assert deliver(writing_desk, stdin) == 0
    writer.join()
    assert writing_desk.letter.raw == letter


@pytest.mark.parametrize(
    ("receipt", "code"),
    [(Receipt.ACCEPTED, 0), (Receipt.DUPLICATE, 0), (Receipt.TRY_LATER, 75), (Receipt.NO_SPACE, 75)],
)
def test_every_receipt_has_its_code(writing_desk: WritingDesk, receipt: Receipt, code: int) -> None:
    writing_desk.answer = lambda envelope: done(receipt)
    assert deliver(writing_desk) == code


@pytest.mark.parametrize("error", [RuntimeError("secret"), OSError(28, "secret"), MemoryError("secret"), KeyboardInterrupt("secret")])  # fmt: skip
@pytest.mark.parametrize("when", ["called", "promised"])
def test_trouble_is_temporary_and_private(
    writing_desk: WritingDesk,
    error: BaseException,
    when: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(envelope: Envelope) -> Future[Receipt]:
        if when == "called":
            raise error
        future: Future[Receipt] = Future()
        future.set_exception(error)
        return future

    writing_desk.answer = answer
    assert deliver(writing_desk) == 75
    assert capsys.readouterr() == ("", "maild: not now, please try again later\n")
    assert "secret" in caplog.text


def test_without_any_log_trouble_is_not_printed(
    writing_desk: WritingDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python prints what nobody handles to standard error, which a mail system sends to strangers."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    writing_desk.answer = lambda envelope: 1 / 0  # type: ignore[return-value]
    assert deliver(writing_desk) == 75
    assert capsys.readouterr().err == "maild: not now, please try again later\n"


def test_a_store_that_never_answers_is_not_waited_for(writing_desk: WritingDesk) -> None:
    writing_desk.answer = lambda envelope: Future()
    assert deliver(writing_desk, wait=0.05) == 75


def test_input_that_fails_is_temporary(writing_desk: WritingDesk) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    assert deliver(writing_desk, Broken()) == 75
    assert writing_desk.kept == []


def test_the_size_limit_is_exact_and_bounds_what_is_read(writing_desk: WritingDesk) -> None:
    assert deliver(writing_desk, b"x" * 1000, max_size=1000) == 0
    assert deliver(writing_desk, b"x" * 1001, max_size=1000) == 65

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return b"x" * size

    endless = Endless()
    assert deliver(writing_desk, endless, max_size=5_000_000) == 65  # type: ignore[arg-type]
    assert endless.given < 7_000_000
    assert len(writing_desk.kept) == 1


@pytest.mark.parametrize("nothing", [b"", b"\n", b" \r\n\r\n", b"From karen Tue Jan  1 12:00:00 2030\n"])
def test_nothing_is_no_letter(writing_desk: WritingDesk, nothing: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(writing_desk, nothing) == 65
    assert capsys.readouterr().err == "maild: the letter is empty\n"
    assert writing_desk.kept == []


def test_the_mailers_first_line_is_not_the_letters(writing_desk: WritingDesk) -> None:
    assert deliver(writing_desk, b"From karen@bank.example Tue Jan  1 12:00:00 2030\n" + LETTER) == 0
    assert writing_desk.letter.raw == LETTER


@pytest.mark.parametrize(
    ("recipients", "environ", "rcpts"),
    [
        (["support@desk.example"], {"RECIPIENT": "sales@desk.example"}, ("support@desk.example",)),
        (["support@desk.example"] * 2 + ["sales@desk.example"], {}, ("support@desk.example", "sales@desk.example")),
        (["support@desk.example", "karen@bank.example"], {}, ("support@desk.example",)),
        ([], {"ORIGINAL_RECIPIENT": "support+t0ken@desk.example", "RECIPIENT": "support@desk.example"}, ("support+t0ken@desk.example",)),
        ([], {"ORIGINAL_RECIPIENT": "help@alias.example", "RECIPIENT": "support@desk.example"}, ("support@desk.example",)),
        ([], {"RECIPIENT": "support@desk.example"}, ("support@desk.example",)),
        ([], {"RECIPIENT": "karen@bank.example"}, 67),
        ([], {"RECIPIENT": ""}, 64),
        ([], {}, 64),
        (["karen@bank.example"], {"RECIPIENT": "support@desk.example"}, 67),
        ([""], {}, 67),
    ],
)  # fmt: skip
def test_whom_it_is_for(
    writing_desk: WritingDesk, recipients: list[str], environ: dict[str, str], rcpts: tuple[str, ...] | int
) -> None:
    code = deliver(writing_desk, recipients=recipients, environ=environ)
    assert code == (rcpts if isinstance(rcpts, int) else 0)
    assert [letter.rcpts for letter in writing_desk.kept] == ([] if code else [rcpts])


@pytest.mark.parametrize(
    ("sender", "environ", "mail_from"),
    [
        ("karen@bank.example", {"SENDER": "x@y.example"}, "karen@bank.example"),
        (None, {"SENDER": "karen@bank.example"}, "karen@bank.example"),
        (None, {}, ""),
        ("", {"SENDER": "x@y.example"}, ""),
        ("<>", {}, ""),
        ("MAILER-DAEMON", {}, ""),
        ("a@b.example\nBcc: c", {}, ""),
        ("a\udcff@b.example", {}, ""),
    ],
)
def test_who_sent_it(writing_desk: WritingDesk, sender: str | None, environ: dict[str, str], mail_from: str) -> None:
    assert deliver(writing_desk, sender=sender, environ=environ) == 0
    assert writing_desk.letter.mail_from == mail_from
