"""One login to a mailbox: connected, secured, named, its folder open; then finding, fetching, waiting.

Commands are made of what the admin wrote and of numbers, never of anything a letter says. Bodies
are fetched with BODY.PEEK[], so that no letter becomes \\Seen, and whether one is \\Seen is
never asked: people read their mailbox, too. It refuses to know what becomes of a letter and
when to try again; `imap_mailbox` owns a session, `imap_check` tries its steps one by one.
"""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from imapclient.exceptions import IMAPClientError

from maild.edges.imap_filing import Filing
from maild.edges.imap_settings import MailboxSettings
from maild.edges.imap_trouble import Trouble, said
from maild.edges.imap_wire import SMALL_TALK, Client, Wire

NUMBERS = 32_000_000  # octets of UIDs one search may answer with: three million letters
LARGEST_UID = 0xFFFFFFFF  # RFC 9051 section 2.3.1.1
PER_LETTER = 4_096  # octets a server may need around a letter, its flags for instance
FAREWELL = 5.0  # seconds for LOGOUT


def connect(settings: MailboxSettings) -> Client:
    """A connection that is as secret as it ought to be, nobody logged in."""
    context = None if settings.tls == "none" else _context(settings)
    client = Client(
        Wire(
            host=settings.host,
            port=settings.port,
            tls=context,
            at_once=settings.tls == "at once",
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
        )
    )
    try:
        if client.preauthenticated:  # before TLS it can only be an attacker's; after it, whose mailbox would it be?
            raise Trouble(f"{settings.host} wants no login; maild reads no mailbox that is not named", patient=True)
        if settings.tls == "starttls":
            client.allow()
            client.starttls(context)
    except BaseException:
        drop(client)
        raise
    return client


def _context(settings: MailboxSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise Trouble(f"{settings.ca_file} holds no certificates: {error.strerror or error}", patient=True) from None


def login(client: Client, settings: MailboxSettings) -> None:
    """Log in; Trouble where the server does not let us. An access token it refuses is fetched anew, once."""
    if settings.auth == "password":
        _login(client, settings, settings.secret(False))
        return
    try:
        _login(client, settings, settings.secret(False))
    except Trouble as refusal:
        fresh = settings.secret(True)
        try:
            _login(client, settings, fresh)
        except Trouble:
            raise
        except Exception:  # noqa: BLE001 - some servers hang up after a refusal; the fresh token is for the next login
            raise refusal from None


def _login(client: Client, settings: MailboxSettings, secret: str) -> None:
    client.allow()
    offered = set(client.capabilities())
    answers: list[str] = []
    try:
        if settings.auth == "password":
            _by_password(client, settings.user, secret, offered)
        else:
            client.sasl_login(settings.auth.upper(), _bearer(settings, secret, answers))
    except (IMAPClientError, imaplib.IMAP4.error) as error:
        for broken in (error, error.__context__):  # the library takes a lost connection for a refusal, too
            if isinstance(broken, imaplib.IMAP4.abort):
                raise broken from None
        told = said(answers[0] if answers else error, secret, settings.user)
        raise Trouble(f"{settings.host} refuses the login: {told or 'no reason given'}", patient=True) from None
    client.allow()
    client.capabilities()  # a server may offer more to those it knows


def _by_password(client: Client, user: str, password: str, offered: set[bytes]) -> None:
    if b"AUTH=PLAIN" in offered:  # RFC 4616: any characters, and no quoting to get wrong
        client.plain_login(user, password)
    elif b"LOGINDISABLED" in offered:
        raise Trouble("the server takes no passwords on this connection; use tls, or OAuth", patient=True)
    elif not (user + password).isascii():
        raise Trouble("the server takes ASCII passwords only", patient=True)
    else:
        client.login(user, password)


def _bearer(settings: MailboxSettings, token: str, answers: list[str]) -> Callable[[bytes], bytes]:
    """What XOAUTH2 and OAUTHBEARER (RFC 7628) send first, and the little that ends a refused attempt."""
    user, plain = settings.user, settings.auth == "xoauth2"
    name = user.replace("=", "=3D").replace(",", "=2C")
    opening = f"user={user}\1auth=Bearer {token}\1\1" if plain else f"n,a={name},\1auth=Bearer {token}\1\1"
    sent: list[bool] = []

    def answer(challenge: bytes) -> bytes:
        if not sent:
            sent.append(True)
            return opening.encode()
        answers.append(said(challenge, token, user))
        return b"" if plain else b"\1"

    return answer


class Session:
    """A mailbox with its folder open. Raises Trouble, or whatever else a lost connection raises."""

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._client = connect(settings)
        try:
            login(self._client, settings)
            self.uidvalidity, self.filing = open_folder(self._client, settings)
            self._can_idle = self._client.has_capability("IDLE")
        except BaseException:
            drop(self._client)
            raise

    def find(self, above: int) -> list[int]:
        """The UIDs of all letters above this one, lowest first, without those that somebody has deleted."""
        self._client.allow(NUMBERS)
        self._client.forget_news()
        found = self._client.search(["UID", f"{min(above + 1, LARGEST_UID)}:*", "UNDELETED", *self.filing.unfiled])
        # The last letter is found even where all are below (RFC 9051 section 6.4.4).
        return sorted({int(uid) for uid in found if above < int(uid) <= LARGEST_UID})

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """What the server says of their sizes, in octets; those that have gone are missing."""
        self._client.allow()
        answers = self._client.fetch(uids, ["RFC822.SIZE"])
        return {
            uid: size
            for uid, answer in answers.items()
            if isinstance(size := answer.get(b"RFC822.SIZE"), int) and size >= 0
        }

    def bodies(self, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        """The letters themselves, `octets` in all as their sizes were told; those that have gone are missing.

        Some servers estimate sizes, so twice as much may come.
        """
        self._client.allow(2 * octets + SMALL_TALK + PER_LETTER * len(uids))
        answers = self._client.fetch(uids, ["BODY.PEEK[]"])
        return {uid: body for uid, answer in answers.items() if isinstance(body := answer.get(b"BODY[]"), bytes)}

    def wait(self, seconds: float, bell: socket.socket, beat: Callable[[], None], every: float) -> None:
        """Until the server has news, `bell` can be read, or the time is over; `beat` is called now and then."""
        until = time.monotonic() + seconds
        client = self._client
        if client.has_news():  # told along with the answer to a command: it is not told again
            return
        poll = select.poll()
        poll.register(bell, select.POLLIN)
        client.allow()
        if self._can_idle:
            client.idle()
            poll.register(client.socket(), select.POLLIN)
        while not (self._can_idle and (client.has_news() or client.heard)):
            left = until - time.monotonic()
            if left <= 0 or poll.poll(1000 * min(left, every)):
                break
            beat()
        client.allow()
        if self._can_idle:
            client.idle_done()
        else:
            client.noop()

    def cut(self) -> None:
        """End the connection; from any thread."""
        self._client.cut()

    def leave(self, *, farewell: bool) -> None:
        """End it; politely where the server still listens."""
        drop(self._client, farewell=farewell)


def open_folder(client: Client, settings: MailboxSettings) -> tuple[int, Filing]:
    """Select the folder: its UIDVALIDITY, and how letters will be filed."""
    client.allow()
    try:
        answer = client.select_folder(settings.folder, readonly=settings.after == "keep")
    except imaplib.IMAP4.readonly:
        raise Trouble(f'{settings.folder} may only be read; then after must be "keep"', patient=True) from None
    except imaplib.IMAP4.abort:
        raise
    except (IMAPClientError, imaplib.IMAP4.error) as error:
        raise Trouble(f"the folder {settings.folder} cannot be opened: {said(error)}", patient=True) from None
    uidvalidity = answer.get(b"UIDVALIDITY")
    if not isinstance(uidvalidity, int) or not 0 < uidvalidity <= LARGEST_UID:
        raise Trouble(f"{settings.host} tells no UIDVALIDITY; its letters cannot be told apart", patient=True)
    return uidvalidity, Filing(client, settings, answer)


def drop(client: Client, *, farewell: bool = False) -> None:
    """End a connection, whatever state it is in."""
    with suppress(Exception):  # it may be broken in any way, and is not needed any more
        if farewell:
            client.allow()
            client.socket().settimeout(FAREWELL)
            client.logout()
            return
    with suppress(Exception):
        client.shutdown()
