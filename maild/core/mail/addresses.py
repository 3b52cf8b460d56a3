"""Mailboxes in address fields (RFC 5322 section 3.4 and what is sent in its stead).

It refuses to know which field it reads. Called by `reading`, `forwarding` and `core.delivery`. Structure is
read first and RFC 2047 words are decoded after, so that a decoded comma, bracket or
@ in a name can never become an address.
"""

from __future__ import annotations

import re

from maild.core.mail.headers import MAX_STRUCTURED, decode_words
from maild.core.model import Address

MAX_ADDRESSES = 200  # of one letter's field; RFC 5321 asks for 100 recipients

_ONE = re.compile(
    r'(?:"([^"\\<>]*+)"\s*+|([^"\\<>(),;:@]*+))<\s*+([^\s<>()",;:\\@]{1,64}@[^\s<>()",;:\\@\[\]]{1,255})\s*+>\Z'
)
_BARE = re.compile(r'([^\s<>()",;:\\@]{1,64}@[^\s<>()",;:\\@\[\]]{1,255})\Z')
_TOKEN = re.compile(
    r'(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[(<>,;:"\\])|(?P<space>\s+)'
    r'|(?P<atom>[^\s(<>,;:"\\=]+|=)'
)
_FOUND = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255}|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@\[[^\]\s]{1,60}\]")
_ESCAPED = re.compile(r"\\(.)")


def parse(value: str) -> tuple[Address, ...]:
    """Every mailbox with an @, in order. Groups give their members, comments vanish or name a bare address."""
    value = value[:MAX_STRUCTURED].strip()
    found = _ONE.match(value)
    if found is not None:
        return (Address(found[3], _name(found[1] if found[1] is not None else found[2])),)
    found = _BARE.match(value)
    if found is not None:
        return (Address(found[1]),)
    return tuple(_Parser(value).run())


def _name(text: str) -> str:
    return " ".join(decode_words(text).strip().strip("\"'").split())


def _spec(text: str) -> str:
    """The addr-spec in the text between angle brackets, or in a bare mailbox; "" if it holds none."""
    text = text.strip()
    if text.startswith("@") and ":" in text:  # a source route, RFC 5322 section 4.4
        text = text.rpartition(":")[2]
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if text.startswith('"') and '"@' in text:
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.strip()}" if _clean_domain(domain.strip()) else ""
    words = text.split()
    if len(words) > 1 and _BARE.match(words[-1]) and sum("@" in word for word in words) == 1:
        return words[-1]  # a name before an address that lost its brackets
    tight = "".join(decode_words(text).split()) if text.count("@") == 1 else text
    if tight.count("@") == 1:
        local, _, domain = tight.strip("'\"").partition("@")
        if local and len(local) <= 64 and _clean_domain(domain):
            return f"{local}@{domain}"
    found = _FOUND.search(text)
    return found[0].rstrip(".") if found else ""


def _clean_domain(domain: str) -> bool:
    marks = '<>()",;\\ ' if domain.startswith("[") and domain.endswith("]") else '<>()",;\\[]: '
    return 0 < len(domain) <= 255 and not any(mark in domain for mark in marks)


class _Parser:
    """One pass over a field: the mailbox being read, and those read before it."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.position = 0
        self.found: list[Address] = []
        self._begin()

    def _begin(self) -> None:
        self.phrase: list[str] = []
        self.angle: str | None = None
        self.inside = False
        self.comment = ""

    def run(self) -> list[Address]:
        while self.position < len(self.value) and len(self.found) < MAX_ADDRESSES:
            token = _TOKEN.match(self.value, self.position)
            if token is None:
                self.position += 1
                continue
            self.position = token.end()
            kind, text = token.lastgroup, token[0]
            if kind == "mark":
                self._mark(text)
            elif self.inside and self.angle is not None:
                self.angle += text
            elif kind == "quoted" and self.value[self.position : self.position + 1] != "@":
                self.phrase.append(_ESCAPED.sub(r"\1", text[1:-1]))
            else:
                self.phrase.append(text)
        self._end()
        return self.found

    def _mark(self, mark: str) -> None:
        if mark == "(":
            self._comment()
        elif mark == '"':  # never closed, and so is every one behind it
            self.value = self.value[: self.position] + self.value[self.position :].replace('"', "")
        elif mark == "<":
            if self.angle is None:
                self.angle, self.inside = "", True
        elif mark == ">":
            self.inside = False
        elif self.inside and self.angle is not None:
            self.angle += mark if mark == ":" else ""
            if mark in ",;":
                self.inside = False
                self._end()
        elif mark in ",;":
            self._end()
        elif mark == ":":
            self._begin()  # what came before was a group's name

    def _comment(self) -> None:
        comment, after = _comment(self.value, self.position)
        if after == self.position:  # never closed: no bracket behind it is worth another look
            self.value = self.value[:after] + self.value[after:].replace("(", " ")
        self.comment, self.position = self.comment or comment, after

    def _end(self) -> None:
        """The mailbox read so far is whole: keep it if it has an address."""
        phrase = "".join(self.phrase).strip()
        email = _spec(self.angle) if self.angle is not None else ""
        name = phrase or self.comment
        if not email and (email := _spec(phrase)):
            name = self.comment or (phrase[: -len(email)] if phrase.endswith(email) else "")
        if email:
            self.found.append(Address(email, _name(name)))
        self._begin()


def _comment(value: str, position: int) -> tuple[str, int]:
    """The comment that began before `position`, nested ones included, and where it ends."""
    depth, start = 1, position
    while position < len(value):
        mark = value[position]
        if mark == "\\":
            position += 1
        elif mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
            if depth == 0:
                return value[start:position], position + 1
        position += 1
    return "", start  # never closed: an ordinary character
