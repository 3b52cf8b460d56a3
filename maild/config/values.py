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

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
_LONGEST = timedelta(days=3660)
_SIZE = re.compile(r"(\d{1,9})\s*(B|kB|KB|MB|GB)")
_SIZES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
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


def duration(value: object) -> timedelta:
    """ "90 s", "30 m", "4 h", "3 d"; more than nothing, at most ten years."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a time like "90 s", "30 m", "4 h" or "3 d"')
    length = int(found[1]) * _UNITS[found[2]]
    if not 0 < length <= _LONGEST.total_seconds():
        raise ValueError("must be more than nothing and at most ten years")
    return timedelta(seconds=length)


def span(value: object) -> Span:
    """A duration that remembers whether it was written in days."""
    length = duration(value)
    return Span(length, length.days if isinstance(value, str) and value.rstrip().endswith("d") else 0)


def size(value: object) -> int:
    """ "25 MB", "200 kB": bytes, in steps of 1000."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise ValueError('must be a size like "25 MB" or "200 kB"')
    return int(found[1]) * _SIZES[found[2]]


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
