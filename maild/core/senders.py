"""Patterns of senders: one address, a domain, or everything below a domain.

The three forms an admin may say something of senders in, by configuration, by mail or at the
shell: "x@bad.example", "*@bad.example", "*.bad.example". They are kept in one spelling, so that
asking what was said of an address is a handful of look-ups, however long the lists are. It
refuses to know what was said (core.decide.admission).
"""

from __future__ import annotations

import re

MOST_LABELS = 10
"""Labels of a domain that are looked at, from its end; nobody honest has more."""

_LABEL = r"[^\s@*.,;<>()\[\]\"\\]{1,63}"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,126}}")
_LOCAL = re.compile(r"[^\s@*,;<>()\[\]\\]{1,64}")


def pattern(text: str) -> str:
    """The one spelling of a pattern: "x@y", "@y" for a domain, "@*.y" for all below it.

    ValueError, with words for whoever wrote it, for anything else.
    """
    folded = text.strip().strip("<>").lower()
    local, at, domain = folded.rpartition("@")
    if not at and folded.startswith("*."):
        local, at, domain = "*", "@", folded
    below = domain.startswith("*.")
    if not at or not _DOMAIN.fullmatch(domain[2:] if below else domain):
        raise ValueError(f'"{text}" is no sender; write "x@y", "*@y" for a domain, "*.y" for all below it')
    if local in ("", "*"):
        return f"@{domain}"
    if below or not _LOCAL.fullmatch(local):
        raise ValueError(f'"{text}" is no sender; write "x@y", "*@y" for a domain, "*.y" for all below it')
    return folded


def written(spelling: str) -> str:
    """A pattern as a person writes it."""
    return spelling[1:] if spelling.startswith("@*.") else f"*{spelling}" if spelling.startswith("@") else spelling


def patterns_of(email: str) -> tuple[str, ...]:
    """Every pattern that covers this folded address, the narrowest first; () where it is no address."""
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain:
        return ()
    labels = domain.split(".")[-MOST_LABELS:]
    return (email, f"@{domain}", *(f"@*.{'.'.join(labels[n:])}" for n in range(1, len(labels))))


def among(email: str, patterns: frozenset[str]) -> bool:
    """Whether one of these patterns covers this folded address."""
    return bool(patterns) and not patterns.isdisjoint(patterns_of(email))
