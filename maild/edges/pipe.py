"""The pipe door: a letter on standard input, from a mail system on this host.

    support: "|maild pipe --config /etc/maild/maild.toml"

The exit code is the answer (sysexits.h): 0 only after the commit, 75 whenever the mail
system must keep the letter and try again. What it prints may travel to a stranger in a
bounce, so it says nothing but what is wrong with the letter. The bytes are handed on as
they came; line ends are the host's.

It refuses to know who is calling and what the letter says. `cli` calls it, and must turn
its own failures (no configuration, no store) into 75 too.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import BinaryIO

from maild.core.model import Envelope, Receipt

log = logging.getLogger("maild.pipe")

EX_OK = 0
EX_USAGE = 64
EX_DATAERR = 65
EX_NOUSER = 67
EX_TEMPFAIL = 75

READ = 1 << 20
CODES: Mapping[Receipt, int] = {
    Receipt.ACCEPTED: EX_OK,
    Receipt.DUPLICATE: EX_OK,
    Receipt.TRY_LATER: EX_TEMPFAIL,
    Receipt.NO_SPACE: EX_TEMPFAIL,
}
NULL_NAMES = ("<>", "MAILER-DAEMON")  # how mail systems spell the null sender in a variable


def main(
    stdin: BinaryIO,
    accept: Callable[[Envelope], Future[Receipt]],
    *,
    recipients: Sequence[str],
    sender: str | None,
    environ: Mapping[str, str],
    is_ours: Callable[[str], bool],
    clock: Callable[[], datetime],
    max_size: int = 25_000_000,
    wait: float = 60.0,
    emergency: Callable[[Envelope], None] | None = None,
) -> int:
    """Reads one letter of at most `max_size` octets and hands it over; the exit code.

    Without `recipients` and `sender` the environment tells (see `_told`, and SENDER). `wait` is how many
    seconds the store may take. `emergency` keeps a letter that `accept` does not, and raises where it cannot.
    """
    try:
        named = recipients or _told(environ)
        if not named:
            return _complain(EX_USAGE, "no recipient was named")
        ours = tuple(address for address in dict.fromkeys(named) if is_ours(address))
        rcpts = ours if recipients else ours[:1]
        if not rcpts:
            return _complain(EX_NOUSER, "no such address here")
        raw = _read(stdin, max_size)
        if len(raw) > max_size:
            return _complain(EX_DATAERR, "the letter is larger than we take")
        if not raw.strip():
            return _complain(EX_DATAERR, "the letter is empty")
        envelope = Envelope(
            raw=raw,
            mail_from=_sender(environ.get("SENDER", "") if sender is None else sender),
            rcpts=rcpts,
            received_at=clock(),
            door="pipe",
        )
        return _kept(envelope, accept, wait, emergency)
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, the mail system keeps the letter
        if log.hasHandlers():  # without any, logging would print it where a stranger may read it
            log.error("the letter could not be kept", exc_info=error)
        return _complain(EX_TEMPFAIL, "not now, please try again later")


def _kept(
    envelope: Envelope,
    accept: Callable[[Envelope], Future[Receipt]],
    wait: float,
    emergency: Callable[[Envelope], None] | None,
) -> int:
    try:
        code = CODES[accept(envelope).result(wait)]
        if code == EX_OK or emergency is None:
            return code
    except Exception:
        if emergency is None:
            raise
    emergency(envelope)
    return EX_OK


def _told(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Spellings of the one recipient the mail system names, best first: before aliases, with the sub-address
    that is a reply's token, then as delivered to."""
    return tuple(address for name in ("ORIGINAL_RECIPIENT", "RECIPIENT") if (address := environ.get(name, "")))


def _sender(text: str) -> str:
    """The envelope sender; what is no line of text cannot be one."""
    return "" if text in NULL_NAMES or not text.isprintable() else text


def _read(stdin: BinaryIO, max_size: int) -> bytes:
    """The letter without the "From sender date" line local mailers put first; a little more than `max_size`
    if there is more."""
    parts: list[bytes] = []
    size = 0
    while size <= max_size and (part := stdin.read(READ)):
        parts.append(part)
        size += len(part)
    raw = b"".join(parts)
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def _complain(code: int, text: str) -> int:
    sys.stderr.write(f"maild: {text}\n")
    return code
