"""The tables of the doors that listen, and of the pipe; `sections` has all others.

It refuses to know what a door does with them, and to read certificates and passwords.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo, model_validator

from maild.config import values
from maild.config.documents import Document
from maild.config.fields import AtLeastOne, Directory, Domain, Duration, Listen, Network, NotNegative, Section, Size
from maild.config.problems import Problem, dotted
from maild.config.values import Endpoint

UNIX = "unix:"


def _place(value: object, info: ValidationInfo) -> Endpoint | Path:
    if isinstance(value, str) and value.startswith(UNIX) and "\0" not in value and len(value) > len(UNIX):
        return (Path(info.context["base"]) if info.context else Path()) / value.removeprefix(UNIX)
    try:
        return values.endpoint(value)
    except ValueError:
        raise ValueError('must be like "127.0.0.1:8024", "[::1]:8024" or "unix:/run/maild/lmtp.sock"') from None


def _mode(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[0-7]{3}", value):
        raise ValueError('must be three octal digits in quotes, like "660"')
    return int(value, 8)


Place = Annotated[Endpoint | Path, PlainValidator(_place)]
Mode = Annotated[int, BeforeValidator(_mode)]


class Tls(Section):
    certificate: Directory | None = None  # None: no TLS
    key: Directory | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together: name both, or neither")
        return self


class Smtp(Section):
    listen: tuple[Listen, ...] = (Endpoint("127.0.0.1", 8025),)
    listen_tls: tuple[Listen, ...] = ()
    hostname: Domain = ""  # "" is replaced by the desk's domain
    max_size: Size = 25_000_000  # bytes
    max_recipients: AtLeastOne = 100
    max_connections: AtLeastOne = 200
    max_connections_per_peer: AtLeastOne = 50
    connections_per_minute: NotNegative = 120  # of one network; 0: any number
    letters_per_minute: NotNegative = 120
    command_timeout: Duration = timedelta(minutes=5)  # RFC 5321 section 4.5.3.2.7
    data_timeout: Duration = timedelta(minutes=10)
    session_timeout: Duration = timedelta(hours=1)
    slowest: Size = 500  # bytes of a letter in a second
    proxies: tuple[Network, ...] = ()
    xclient: tuple[Network, ...] = ()


class Lmtp(Section):
    listen: tuple[Place, ...] = ()
    socket_mode: Mode = 0o660


class Submission(Section):
    listen: tuple[Listen, ...] = ()
    passwords_file: Directory = Field(default=Path("passwords"), validate_default=True)
    failures_per_minute: AtLeastOne = 10  # of one network


def _web_place(value: object) -> Endpoint | None:
    return None if value == "" else values.endpoint(value)


class Web(Section):
    listen: Annotated[Endpoint | None, PlainValidator(_web_place)] = None  # None: there are no pages
    beyond_loopback: bool = False

    @model_validator(mode="after")
    def _near(self) -> Self:
        if self.listen is not None and not self.beyond_loopback and not ip_address(self.listen.host).is_loopback:
            raise ValueError(
                "listen must be an address of this machine alone (127.0.0.1), or set beyond_loopback = true"
            )
        return self


class Pipe(Section):
    emergency: Directory | None = None  # None: there is none


def check(document: Document) -> list[Problem]:
    """What the tables need of each other."""
    return [Problem(document.file, document.line_of(place), dotted(place), text) for place, text in _found(document)]


def _found(document: Document) -> Iterator[tuple[tuple[str, str], str]]:
    tables: dict[str, Mapping[str, Any]] = {
        name: table if isinstance(table := document.data.get(name), Mapping) else {}
        for name in ("tls", "smtp", "submission")
    }
    for place in (("smtp", "listen_tls"), ("submission", "listen")):
        if tables[place[0]].get(place[1]) and not tables["tls"].get("certificate"):
            yield place, "needs a certificate: name it and its key in [tls]"
