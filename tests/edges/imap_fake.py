"""An IMAP server that does as it is told: a small honest one, with hooks that make it lie, drip, hang or die."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

Hook = Callable[["Talk", bytes, bytes], bool]  # (talk, tag, arguments) → whether it has answered


class FakeServer:
    """`letters` by UID. `hooks` by command word, such as b"LOGIN" or b"UID FETCH"."""

    def __init__(self, *letters: bytes) -> None:
        self.letters = dict(enumerate(letters, 1))
        self.moved: dict[int, bytes] = {}
        self.sizes: dict[int, int] = {}  # what is claimed, where it is a lie
        self.hooks: dict[bytes, Hook] = {}
        self.greeting = b"* OK ready"
        self.capability = b"IMAP4rev1 AUTH=PLAIN MOVE UIDPLUS IDLE"
        self.uidvalidity = 7
        self.heard: list[bytes] = []  # every line clients have said
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._talks: list[Talk] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            talk = Talk(self, connection)
            self._talks.append(talk)
            talk.start()

    def deliver(self, uid: int, letter: bytes) -> None:
        """A new letter, announced to whoever idles."""
        self.letters[uid] = letter
        for talk in self._talks:
            if talk.idling:
                with suppress(OSError):
                    talk.say(b"* %d EXISTS" % len(self.letters))

    def said(self, word: bytes) -> int:
        return sum(word in line for line in self.heard)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for talk in self._talks:
            talk.end()
        for talk in self._talks:
            talk.join(5)


class Talk(threading.Thread):
    """One connection."""

    def __init__(self, server: FakeServer, connection: socket.socket) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.idling = False
        self._known: set[int] = set()
        self.over = threading.Event()  # a hook that hangs waits for it
        self._socket = connection
        self._file = connection.makefile("rb")

    def say(self, line: bytes) -> None:
        self.raw(line + b"\r\n")

    def raw(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def end(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        with suppress(OSError, ValueError), self._socket, self._file:
            self.say(self.server.greeting)
            while line := self._file.readline():
                self.server.heard.append(line)
                tag, _, rest = line.strip().partition(b" ")
                word, _, arguments = rest.partition(b" ")
                if word == b"UID":
                    second, _, arguments = arguments.partition(b" ")
                    word += b" " + second
                hook = self.server.hooks.get(word.upper())
                if not (hook and hook(self, tag, arguments)):
                    self._answer(word.upper(), tag, arguments)

    def next_line(self) -> bytes:
        line = self._file.readline()
        self.server.heard.append(line)
        return line

    def ok(self, tag: bytes, text: bytes = b"done") -> None:
        self.say(tag + b" OK " + text)

    def _answer(self, word: bytes, tag: bytes, arguments: bytes) -> None:
        server = self.server
        always = {
            b"CAPABILITY": b"* CAPABILITY " + server.capability,
            b"LIST": b'* LIST () "/" maild',
            b"LOGOUT": b"* BYE",
        }
        if word in always:
            self.say(always[word])
        elif word == b"AUTHENTICATE":
            self.say(b"+ ")
            self.next_line()
        elif word in (b"SELECT", b"EXAMINE"):
            self.say(b"* %d EXISTS" % len(server.letters))
            self.say(b"* OK [UIDVALIDITY %d] valid" % server.uidvalidity)
            self.say(b"* OK [PERMANENTFLAGS (\\Deleted \\*)] kept")
        elif word == b"UID SEARCH":
            self._known = set(server.letters)
            found = b" ".join(b"%d" % uid for uid in sorted(server.letters))
            self.say(b"* SEARCH " + found)
        elif word == b"UID FETCH":
            self._fetch(arguments)
        elif word == b"UID MOVE":
            for uid in uids(arguments):
                if uid in server.letters:
                    server.moved[uid] = server.letters.pop(uid)
        elif word == b"IDLE":
            self.say(b"+ idling")
            self.idling = True
            if set(server.letters) - self._known:
                self.say(b"* %d EXISTS" % len(server.letters))
            self.next_line()
            self.idling = False
        self.ok(tag)

    def _fetch(self, arguments: bytes) -> None:
        for uid in uids(arguments):
            letter = self.server.letters.get(uid)
            if letter is None:
                continue
            size = self.server.sizes.get(uid, len(letter))
            if b"RFC822.SIZE" in arguments:
                self.say(b"* %d FETCH (UID %d RFC822.SIZE %d)" % (uid, uid, size))
            else:
                self.raw(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, len(letter)) + letter + b")\r\n")


def uids(arguments: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb"\d+", arguments.partition(b" ")[0])]
