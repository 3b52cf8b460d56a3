"""What went wrong with a mailbox, in words for an admin.

Servers put into their answers whatever they like, secrets and mail included, and libraries put
it into exceptions. So nothing of an exception is said but its kind, and of an answer only
what a server says to a login or about a folder: cleaned, cut, and without our secrets.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from base64 import b64encode

from imapclient.exceptions import CapabilityError, IMAPClientError, ProtocolError

from maild.edges.imap_wire import Excess

SAID = 200  # characters of a server's own words
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_SHORTEST = 4  # characters of a secret that can be told from ordinary words


class Trouble(Exception):
    """Its text is for an admin. `patient`: it will last, and trying often would lock the account."""

    def __init__(self, what: str, *, patient: bool = False) -> None:
        super().__init__(what)
        self.patient = patient


def said(answer: object, *secrets: str) -> str:
    """A server's words, fit to be repeated; "" where they hold a secret of ours."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    for secret in secrets:
        spelled = (secret, b64encode(secret.encode()).decode().rstrip("="))
        if len(secret) >= _SHORTEST and any(one in text for one in spelled):
            return ""
    return _UNPRINTABLE.sub(" ", text).strip()[:SAID]


_WORDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((Excess,), "{host} sends what nobody asked for: {detail}"),
    ((socket.gaierror,), "the name {host} cannot be resolved; check host"),
    (
        (ssl.SSLCertVerificationError,),
        "the certificate of {host} cannot be trusted ({detail}); check host and ca_file",
    ),
    ((ssl.SSLError,), "{host} speaks no TLS we understand; check port and tls"),
    ((TimeoutError,), "{host} does not answer in time"),
    ((ConnectionRefusedError,), "{host} refuses the connection; check host and port"),
    ((CapabilityError,), "{host} lacks something we need: {detail}"),
    ((imaplib.IMAP4.abort, ConnectionError), "{host} has hung up"),
    ((ProtocolError, ValueError), "{host} says something that is no IMAP"),
    ((imaplib.IMAP4.error, IMAPClientError), "{host} refuses a command"),
    ((OSError,), "{host} cannot be reached: {detail}"),
)


def words(error: BaseException, host: str) -> str:
    """What happened, in a sentence without a full stop."""
    if isinstance(error, Trouble):
        return str(error)
    for kinds, text in _WORDS:
        if isinstance(error, kinds):
            return text.format(host=host, detail=_detail(error))
    return f"{type(error).__name__} while fetching from {host}; the log has more"


def is_expected(error: BaseException) -> bool:
    """Servers and lines do this; anything else is a bug of ours."""
    return isinstance(error, Trouble) or any(isinstance(error, kinds) for kinds, _ in _WORDS)


def _detail(error: BaseException) -> str:
    """Of these kinds alone the text is ours, the library's or the system's."""
    match error:
        case ssl.SSLCertVerificationError():
            return said(error.verify_message)
        case Excess() | CapabilityError():
            return said(error)
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return ""
