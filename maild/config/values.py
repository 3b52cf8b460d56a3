"""The small texts of the configuration: durations, sizes, hours, addresses, URLs.

Each function takes what stands in the file and gives a value, or raises ValueError
with words for an admin. It refuses to know which key they belong to; `sections` does.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from maild.core import senders
from maild.core.amounts import duration

_INTERVAL = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ADDRESS = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_DOMAIN.pattern}")
_ENDPOINT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Span:
    """A promised time. Its days are days of whichever calendar it is measured in."""

    length: timedelta  # with days of 24 hours
    days: int = 0  # how it was written, if in days

    def within(self, open_hours_a_day: timedelta) -> timedelta:
        """Working time, where a day is open for so long."""
        return self.days * open_hours_a_day if self.days else self.length


class Endpoint(NamedTuple):
    """Where a server listens. Port 0 lets the system choose."""

    host: str
    port: int


class Relay(NamedTuple):
    """Where letters go: a host, or a directory in Maildir format."""

    scheme: str  # smtp, smtps (TLS from the start), smtp+starttls, maildir
    host: str = ""
    port: int = 0
    user: str = ""
    path: Path = Path()


def time_of_day(value: object) -> time | None:
    """ "08:00"; "" is None, never."""
    if value == "":
        return None
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a time of day like "08:00", or ""')
    return time(int(found[1]), int(found[2]))


def domain_pattern(value: object) -> str:
    """ "customer.example", or "*.customer.example" for every domain below it."""
    name = value.removeprefix("*.") if isinstance(value, str) else ""
    if not name or not _DOMAIN.fullmatch(name) or len(name) > 253:
        raise ValueError('must be a domain like "customer.example", or "*.customer.example" for all below it')
    return str(value).lower()


def sender_pattern(value: object) -> str:
    """ "x@y", "*@y", "*.y", in the spelling of `core.senders`."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return senders.pattern(value)


def file_glob(value: object) -> str:
    """ "*.exe" or "application/x-msdownload", folded."""
    if not isinstance(value, str) or not value.strip("*?. "):
        raise ValueError('must be like "*.exe" or "application/x-msdownload", and not fit every file')
    return value.strip().casefold()


def span(value: object) -> Span:
    """A duration that remembers whether it was written in days."""
    length = duration(value)
    return Span(length, length.days if isinstance(value, str) and value.rstrip().endswith("d") else 0)


def hours(value: object) -> tuple[tuple[time, time], ...]:
    """ "09:00-12:00, 13:00-17:00"; "" is closed; 24:00 ends a day and is written time.max."""
    if not isinstance(value, str):
        raise ValueError('must be hours like "09:00-12:00, 13:00-17:00"')
    intervals: list[tuple[time, time]] = []
    for part in value.split(",") if value.strip() else ():
        found = _INTERVAL.fullmatch(part.strip())
        if not found:
            raise ValueError(f'"{part.strip()}" is no interval like "09:00-17:00"')
        start, end = _clock(found[1], found[2]), _clock(found[3], found[4])
        if start >= end:
            raise ValueError(f'"{part.strip()}" ends before it begins; hours across midnight belong to two days')
        if intervals and start < intervals[-1][1]:
            raise ValueError("intervals must follow each other without overlap")
        intervals.append((start, end))
    return tuple(intervals)


def _clock(hour: str, minute: str) -> time:
    if (hour, minute) == ("24", "00"):
        return time.max
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f'there is no "{hour}:{minute}"; the day ends at 24:00')
    return time(int(hour), int(minute))


def email(value: object) -> str:
    """A mail address in plain ASCII (RFC 5321 section 4.1.2 without quoted local parts)."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or _dots_wrong(value) or len(value) > 254:
        raise ValueError("must be a mail address like support@bank.example (non-ASCII domains written as xn--…)")
    return value


def _dots_wrong(address: str) -> bool:
    local = address.rpartition("@")[0]
    return local.startswith(".") or local.endswith(".") or ".." in local


def domain(value: object) -> str:
    """A host or domain name in ASCII, lower case; "" means none given."""
    if not isinstance(value, str) or (value and not _DOMAIN.fullmatch(value)) or len(str(value)) > 253:
        raise ValueError("must be a domain name like desk.bank.example (non-ASCII names written as xn--…)")
    return value.lower()


def endpoint(value: object) -> Endpoint:
    """ "127.0.0.1:8025", "[::1]:25", "0.0.0.0:25"."""
    found = _ENDPOINT.fullmatch(value) if isinstance(value, str) else None
    if not found or int(found[3]) > 65535:
        raise ValueError('must be an address and a port like "127.0.0.1:8025" or "[::1]:8025"')
    return Endpoint(found[1] or found[2], int(found[3]))


def store_url(value: object, base: Path) -> str:
    """A database URL. The file of SQLite is made absolute from `base`."""
    if not isinstance(value, str):
        raise ValueError('must be a URL like "sqlite:///data/maild.db"')
    if value.startswith("sqlite:///") and len(value) > len("sqlite:///"):
        return "sqlite:///" + str(base / value.removeprefix("sqlite:///"))
    if value.startswith("postgresql+psycopg://") and urlsplit(value).path.strip("/"):
        return value
    if value.startswith(("postgres:", "postgresql:")):
        raise ValueError('unknown kind of database (did you mean "postgresql+psycopg://…"?)')
    raise ValueError('must be "sqlite:///FILE" or "postgresql+psycopg://USER@HOST/DATABASE"')


_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def relay(url: str) -> Relay:
    """Take an outbound URL apart."""
    if url.startswith("maildir:"):
        return Relay("maildir", path=Path(url.removeprefix("maildir:")))
    parts = urlsplit(url)
    port = parts.port
    return Relay(
        parts.scheme,
        parts.hostname or "",
        _PORTS[parts.scheme] if port is None else port,
        unquote(parts.username or ""),
    )


def outbound_urls(value: object, base: Path) -> tuple[str, ...]:
    """One outbound URL, or a list of them in which the next one stands in for those before it."""
    several = value if isinstance(value, list | tuple) else (value,)
    if not several:
        raise ValueError("needs at least one entry")
    urls = tuple(outbound_url(each, base) for each in several)
    if len(set(urls)) < len(urls):
        raise ValueError("a relay cannot stand in for itself: one of them is here twice")
    return urls


def outbound_url(value: object, base: Path) -> str:
    """Where letters go. The directory of a Maildir is made absolute from `base`."""
    if not isinstance(value, str):
        raise ValueError('must be a URL like "smtp://127.0.0.1:25"')
    if value.startswith("maildir:") and len(value) > len("maildir:"):
        return "maildir:" + str(base / value.removeprefix("maildir:"))
    parts = urlsplit(value)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            'must be "smtp://HOST:PORT", "smtps://…", "smtp+starttls://USER@HOST:587" or "maildir:DIRECTORY"'
        )
    if parts.password is not None:
        raise ValueError("a password does not belong here: write it to a file and name it in password_file")
    if parts.username and parts.scheme == "smtp":
        raise ValueError("a login needs TLS: use smtps:// or smtp+starttls://")
    if parts.port == 0:
        raise ValueError("port 0 is not a port to connect to")
    return value
