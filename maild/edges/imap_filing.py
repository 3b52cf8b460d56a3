"""What is done with a letter the desk has kept: moved, flagged, deleted, or left where it is.

Only after the commit: before, the mailbox is the letter's only home. Everything is by UID, and
nothing is expunged but what we ourselves have marked. It refuses to know which letters are
kept; `imap_session` makes one for each login.
"""

from __future__ import annotations

import imaplib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from imapclient.exceptions import IMAPClientError

from maild.edges.imap_settings import MailboxSettings
from maild.edges.imap_trouble import Trouble, said
from maild.edges.imap_wire import Client

log = logging.getLogger("maild.imap")

DELETED = b"\\Deleted"
TOO_LARGE = b"$MaildTooLarge"  # a keyword an admin can search for


class Filing:
    """Made while the folder is selected; Trouble where the server cannot do what is asked."""

    def __init__(self, client: Client, settings: MailboxSettings, selected: Mapping[bytes, Any]) -> None:
        self._client = client
        self._settings = settings
        flags = b" ".join(one for one in selected.get(b"PERMANENTFLAGS", ()) if isinstance(one, bytes))
        self._lasting = frozenset(flags.strip(b"()").lower().split())
        self._moves = client.has_capability("MOVE")
        self._expunges = client.has_capability("UIDPLUS")
        if settings.after == "flag" and not self._keeps(settings.flag.encode()):
            raise Trouble(f'{settings.host} keeps no keywords in {settings.folder}; use after = "move"', patient=True)
        if settings.after == "move":
            self._make_target()
        if not self.complete:
            log.warning("%s: the server has no UIDPLUS; letters are marked as deleted, not removed", settings.name)

    @property
    def complete(self) -> bool:
        """Whether letters that are moved or deleted are gone from the folder afterwards."""
        after = self._settings.after
        return self._expunges or after in ("flag", "keep") or (after == "move" and self._moves)

    @property
    def unfiled(self) -> tuple[str, ...]:
        """What a search asks for besides, so that what was filed is not found."""
        return ("UNKEYWORD", self._settings.flag) if self._settings.after == "flag" else ()

    def file(self, uids: Sequence[int]) -> None:
        """Do it with these letters, which are kept. Those that have gone meanwhile are passed over by the server."""
        if not uids or self._settings.after == "keep":
            return
        try:
            self._file(uids)
        except imaplib.IMAP4.abort:
            raise
        except (IMAPClientError, imaplib.IMAP4.error) as error:
            told = said(error)
            raise Trouble(f"letters that were taken cannot be filed ({told}); check the rights and the quota") from None

    def _file(self, uids: Sequence[int]) -> None:
        client, after = self._client, self._settings.after
        client.allow()
        if after == "flag":
            client.add_flags(uids, [self._settings.flag], silent=True)
            return
        if after == "move" and self._moves:
            client.move(uids, self._settings.move_to)
            return
        if after == "move":  # RFC 9051 section 6.4.7: a copy that fails leaves nothing behind
            client.copy(uids, self._settings.move_to)
            client.allow()
        client.add_flags(uids, [DELETED], silent=True)
        if self._expunges:  # without UIDs, letters others have marked would go, too
            client.allow()
            client.uid_expunge(uids)

    def mark_too_large(self, uid: int) -> None:
        """Let people find a letter that was not taken, where the server keeps such a mark."""
        if self._settings.after != "keep" and self._keeps(TOO_LARGE):
            self._client.allow()
            self._client.add_flags([uid], [TOO_LARGE], silent=True)

    def _keeps(self, keyword: bytes) -> bool:
        return b"\\*" in self._lasting or keyword.lower() in self._lasting

    def _make_target(self) -> None:
        client, target = self._client, self._settings.move_to
        client.allow()
        if client.folder_exists(target):
            return
        client.allow()
        try:
            client.create_folder(target)
        except imaplib.IMAP4.abort:
            raise
        except (IMAPClientError, imaplib.IMAP4.error) as error:
            raise Trouble(f"the folder {target} is missing and cannot be made: {said(error)}", patient=True) from None
        client.allow()
        client.subscribe_folder(target)
