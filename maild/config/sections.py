"""The tables of the configuration file: every key, its type and its default.

It refuses to know how names refer to each other (`names` does) and what a desk makes
of them (`resolving` does). config.example.toml documents every key; a test compares.
Paths, and the files inside URLs, are relative to the configuration file: validators
find its directory in the context as "base".
"""

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo

from maild.config import values
from maild.config.problems import unknown
from maild.config.values import Endpoint, Span


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


def _base(info: ValidationInfo) -> Path:
    return Path(info.context["base"]) if info.context else Path()


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError("must be the path of a file or directory")
    return _base(info) / value


def _with_base(read: Callable[[object, Path], str]) -> Callable[[object, ValidationInfo], str]:
    return lambda value, info: read(value, _base(info))


def _line(value: str) -> str:
    """Names end up in headers and subjects."""
    if not value.strip() or not value.isprintable() or len(value) > 200:
        raise ValueError("must be one line of text, up to 200 characters")
    return " ".join(value.split())


def _word(value: str) -> str:
    plain = value.replace("-", "").replace("_", "").replace(".", "")
    if (
        not plain.isalnum()
        or not plain.isascii()
        or value != value.lower()
        or not value[0].isalnum()
        or len(value) > 40
    ):
        raise ValueError(f'"{value}" must be one word of a-z, 0-9, "-", "_" and ".", up to 40 characters')
    return value


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError(unknown("time zone", str(value), sorted(available_timezones()))) from None


Directory = Annotated[Path, BeforeValidator(_path)]
Line = Annotated[str, AfterValidator(_line)]
Word = Annotated[str, AfterValidator(_word)]
Tag = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,10}$")]
Email = Annotated[str, PlainValidator(values.email)]
Domain = Annotated[str, PlainValidator(values.domain)]
Duration = Annotated[timedelta, PlainValidator(values.duration)]
Promise = Annotated[Span, PlainValidator(values.span)]
Size = Annotated[int, PlainValidator(values.size)]
Hours = Annotated[tuple[tuple[time, time], ...], PlainValidator(values.hours)]
Listen = Annotated[Endpoint, PlainValidator(values.endpoint)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone)]
AtLeastOne = Annotated[int, Field(ge=1)]


class Desk(_Section):
    name: Line
    tag: Tag
    admin: Email
    domain: Domain = ""  # "" is replaced by the domain of the first address
    separator: Literal["", "+", "-", "=", "_", "."] = "+"
    data: Directory = Field(default=Path("data"), validate_default=True)
    rules: Directory = Field(default=Path("rules"), validate_default=True)
    templates: Directory = Field(default=Path("templates"), validate_default=True)
    secret_file: Directory = Field(default=Path("secret.key"), validate_default=True)


class Address(_Section):
    address: Email
    name: Line | None = None  # None: the desk's
    topic: str = ""
    team: str = ""


class Store(_Section):
    url: Annotated[str, PlainValidator(_with_base(values.store_url))] = Field(
        default="sqlite:///data/maild.db", validate_default=True, repr=False
    )


class Smtp(_Section):
    listen: tuple[Listen, ...] = (Endpoint("127.0.0.1", 8025),)
    hostname: Domain = ""  # "" is replaced by the desk's domain
    max_size: Size = 25_000_000  # bytes
    max_recipients: AtLeastOne = 100
    max_connections: AtLeastOne = 200
    max_connections_per_peer: AtLeastOne = 50
    command_timeout: Duration = timedelta(minutes=5)  # RFC 5321 section 4.5.3.2.7
    data_timeout: Duration = timedelta(minutes=10)


class Outbound(_Section):
    url: Annotated[str, PlainValidator(_with_base(values.outbound_url))] = Field(
        default="maildir:data/outgoing", validate_default=True
    )
    password_file: Directory | None = None
    hostname: Domain = ""  # "" is replaced by the desk's domain
    ca_file: Directory | None = None  # None: the system's
    connections: AtLeastOne = 4
    retry_for: Duration = timedelta(days=5)  # RFC 5321 section 4.5.4.1: at least 4-5 days

    @property
    def relay(self) -> values.Relay:
        return values.relay(self.url)


class Acknowledgement(_Section):
    per_sender_per_day: Annotated[int, Field(ge=0)] = 1


class Authentication(_Section):
    trusted: tuple[Domain, ...] = ()  # authserv-ids; none: relaxed mode
    microsoft: bool = False


class Closing(_Section):
    confirm: Promise = Span(timedelta(days=3), 3)
    calendar: str = "24x7"


class Clock(_Section):
    tick: Duration = timedelta(seconds=15)
    deliver: Duration = timedelta(seconds=5)


class Defaults(_Section):
    priorities: Annotated[tuple[Word, ...], Field(min_length=1)] = ("low", "normal", "high", "emergency")
    priority: str = "normal"
    sla: str = "default"
    team: str = ""


class Calendar(_Section):
    timezone: Zone = ZoneInfo("UTC")
    monday: Hours = ()
    tuesday: Hours = ()
    wednesday: Hours = ()
    thursday: Hours = ()
    friday: Hours = ()
    saturday: Hours = ()
    sunday: Hours = ()
    holidays: tuple[date, ...] = ()

    @property
    def week(self) -> tuple[tuple[tuple[time, time], ...], ...]:
        """Seven days of intervals, Monday first."""
        return (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )


class Sla(_Section):
    name: Line
    response: Promise | None = None  # None: not promised
    resolution: Promise | None = None
    calendar: str = "24x7"


class Team(_Section):
    name: Line
    members: tuple[str, ...] = ()
    lead: str = ""


class Agent(_Section):
    name: Line
    email: Email
    teams: tuple[str, ...] = ()


class Topic(_Section):
    name: Line
    parent: str = ""
    team: str = ""
    agent: str = ""
    priority: str = ""
    sla: str = ""
    acknowledge: bool | None = None  # None: as the parent, true at the top


class Tables(_Section):
    """The whole file."""

    desk: Desk
    address: Annotated[tuple[Address, ...], Field(min_length=1)]
    store: Store = Field(
        default={}, validate_default=True
    )  # {} and not Store(): validated, so that paths know their base
    smtp: Smtp = Smtp()
    outbound: Outbound = Field(default={}, validate_default=True)
    acknowledgement: Acknowledgement = Acknowledgement()
    authentication: Authentication = Authentication()
    closing: Closing = Closing()
    clock: Clock = Clock()
    defaults: Defaults = Defaults()
    calendar: dict[Word, Calendar] = {}
    sla: dict[Word, Sla] = {}
    team: dict[Word, Team] = {}
    agent: dict[Word, Agent] = {}
    topic: dict[Word, Topic] = {}


def section_of(key: str) -> type[BaseModel] | None:
    """The model of a top-level table, or of the tables in it."""
    field = Tables.model_fields.get(key)
    kinds: list[Any] = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return models[0] if models else None
