"""The tables of the configuration file: every key, its type and its default.

It refuses to know how names refer to each other (`names` does) and what a desk makes
of them (`resolving` does). config.example.toml documents every key; a test compares.
Paths, and the files inside URLs, are relative to the configuration file: validators
find its directory in the context as "base".
"""

from datetime import date, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, PlainValidator, model_validator

from maild.config import values
from maild.config.fields import (
    AtLeastOne,
    Directory,
    Domain,
    Duration,
    Email,
    FileGlob,
    Files,
    Hours,
    Line,
    Network,
    NotNegative,
    Promise,
    Section,
    SenderPattern,
    Size,
    Tag,
    TimeOfDay,
    Word,
    Zone,
    finds,
    with_base,
)
from maild.config.listening import Lmtp, Pipe, Smtp, Submission, Tls, Web
from maild.config.values import Span
from maild.core.policy import ALWAYS


class Desk(Section):
    name: Line
    tag: Tag
    admin: Email
    domain: Domain = ""  # "" is replaced by the domain of the first address
    separator: Literal["", "+", "-", "=", "_", "."] = "+"
    data: Directory = Field(default=Path("data"), validate_default=True)
    rules: Directory = Field(default=Path("rules"), validate_default=True)
    templates: Directory = Field(default=Path("templates"), validate_default=True)
    secret_file: Directory = Field(default=Path("secret.key"), validate_default=True)
    tell_after: Duration = timedelta(minutes=15)


class Log(Section):
    format: Literal["text", "json"] = "text"


class Address(Section):
    address: Email
    name: Line | None = None  # None: the desk's
    topic: str = ""
    team: str = ""
    language: Literal["en", "de"] = "en"


class Store(Section):
    url: Annotated[str, PlainValidator(with_base(values.store_url))] = Field(
        default="sqlite:///data/maild.db", validate_default=True, repr=False
    )


def _port(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
        raise ValueError("must be a number from 1 to 65535")
    return value


def _folder(value: str) -> str:
    if not value or not value.isprintable() or len(value) > 200 or set(value) & set("*%"):
        raise ValueError('must be the name of a folder, without "*" and "%"')
    return value


def _keyword(value: str) -> str:
    """RFC 9051 section 9, flag-keyword: an atom."""
    if not value.isascii() or not value.isprintable() or not value or set(value) & set('(){ %*"\\]'):
        raise ValueError('must be a keyword like "$Maild"')
    return value


Folder = Annotated[str, AfterValidator(_folder)]


class Imap(Section):
    host: Domain
    user: Line
    address: Email
    port: Annotated[int, PlainValidator(_port)] | None = None  # None: 993 with TLS at once, else 143
    tls: Literal["at once", "starttls", "none"] = "at once"
    ca_file: Directory | None = None  # None: the system's
    auth: Literal["password", "xoauth2", "oauthbearer"] = "password"
    password_file: Directory | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret_file: Directory | None = None
    refresh_token_file: Directory | None = None
    scope: str = ""
    token_command: tuple[str, ...] = ()
    folder: Folder = "INBOX"
    after: Literal["move", "flag", "delete", "keep"] = "move"
    move_to: Folder = "maild"
    flag: Annotated[str, AfterValidator(_keyword)] = "$Maild"
    poll: Duration = timedelta(minutes=1)
    max_size: Size = 25_000_000  # bytes


class Maildir(Section):
    path: Directory
    address: Email
    poll: Duration = timedelta(seconds=5)
    max_size: Size = 25_000_000  # bytes


class Outbound(Section):
    url: Annotated[tuple[str, ...], PlainValidator(with_base(values.outbound_urls))] = Field(
        default=("maildir:data/outgoing",), validate_default=True
    )
    password_file: Files | None = None
    hostname: Domain = ""  # "" is replaced by the desk's domain
    ca_file: Directory | None = None  # None: the system's
    connections: AtLeastOne = 4
    per_domain_connections: AtLeastOne = 3
    per_domain_per_minute: Annotated[int, Field(ge=0)] = 0  # letters; 0: no limit
    retry_for: Duration = timedelta(days=5)  # RFC 5321 section 4.5.4.1: at least 4-5 days
    keep_sent: Duration = timedelta(days=30)

    @property
    def relays(self) -> tuple[values.Relay, ...]:
        return tuple(map(values.relay, self.url))

    @model_validator(mode="after")
    def _one_password_each(self) -> Self:
        if self.password_file is not None and len(self.password_file) not in (1, len(self.url)):
            raise ValueError("password_file must be one file for all relays, or a list as long as that of url")
        return self


class Dkim(Section):
    domain: Domain = ""  # "" is replaced by the desk's domain
    selector: Domain = ""
    key_file: Directory | None = None  # None: letters are not signed

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.key_file is not None and not self.selector:
            raise ValueError("selector is required: the name under which the public key stands in the DNS")
        return self


class Letters(Section):
    history: Literal["last", "all", "none"] = "last"
    history_lines: AtLeastOne = 200
    attachments_max: Size = 10_000_000  # bytes of files in one letter


class Acknowledgement(Section):
    per_sender_per_day: Annotated[int, Field(ge=0)] = 1


class Authentication(Section):
    trusted: tuple[Domain, ...] = ()  # authserv-ids; none: relaxed mode
    microsoft: bool = False
    check: bool = False
    relays: tuple[Network, ...] = (ip_network("127.0.0.1"), ip_network("::1"))

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.check and self.microsoft:  # strangers hand letters to us, and any of them can leave out a name
            raise ValueError("check and microsoft exclude each other: behind Microsoft 365 it does the checking")
        return self


class Intake(Section):
    registration: Literal["open", "known", "organisations"] = "open"
    banned: tuple[SenderPattern, ...] = ()
    accepted: tuple[SenderPattern, ...] = ()
    open_tickets_per_sender: NotNegative = 0
    forbidden_attachments: tuple[FileGlob, ...] = ()
    tell: bool = True
    spam: Literal["quarantine", "ticket"] = "quarantine"


class Flood(Section):
    tickets_per_hour: NotNegative = 60
    exempt: tuple[SenderPattern, ...] = ()


class Quarantine(Section):
    list_at: TimeOfDay = time(8)  # None: never
    timezone: Zone = ZoneInfo("UTC")


class Closing(Section):
    confirm: Promise = Span(timedelta(days=3), 3)
    calendar: str = ALWAYS


class Clock(Section):
    tick: Duration = timedelta(seconds=15)
    deliver: Duration = timedelta(seconds=5)


class Defaults(Section):
    priorities: Annotated[tuple[Word, ...], Field(min_length=1)] = ("low", "normal", "high", "emergency")
    priority: str = "normal"
    sla: str = "default"
    team: str = ""


class Calendar(Section):
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


class Sla(Section):
    name: Line
    response: Promise | None = None  # None: not promised
    resolution: Promise | None = None
    calendar: str = ALWAYS


class Team(Section):
    name: Line
    members: tuple[str, ...] = ()
    lead: str = ""
    templates: str = ""  # a directory below desk.templates


class Agent(Section):
    name: Line
    email: Email
    also: tuple[Email, ...] = ()
    teams: tuple[str, ...] = ()


class Correspondent(Section):
    domain: Annotated[str, PlainValidator(lambda value: values.domain(value) if value else "")] = ""
    address: Annotated[str, PlainValidator(lambda value: values.email(value) if value else "")] = ""
    reference: Annotated[str, AfterValidator(finds)] = ""  # "": every sender's address is one conversation


class Participants(Section):
    copied: Literal["organisation", "everybody", "nobody"] = "organisation"


class Commands(Section):
    confirm: bool = True


class Organisation(Section):
    name: Line
    domains: Annotated[tuple[Annotated[str, PlainValidator(values.domain_pattern)], ...], Field(min_length=1)]


class Topic(Section):
    name: Line
    parent: str = ""
    team: str = ""
    agent: str = ""
    priority: str = ""
    sla: str = ""
    acknowledge: bool | None = None  # None: as the parent, true at the top


class Tables(Section):
    """The whole file."""

    desk: Desk
    address: Annotated[tuple[Address, ...], Field(min_length=1)]
    store: Store = Field(
        default={}, validate_default=True
    )  # {} and not Store(): validated, so that paths know their base
    tls: Tls = Tls()
    smtp: Smtp = Smtp()
    lmtp: Lmtp = Lmtp()
    submission: Submission = Field(default={}, validate_default=True)
    pipe: Pipe = Pipe()
    web: Web = Web()
    log: Log = Log()
    imap: tuple[Imap, ...] = ()
    maildir: tuple[Maildir, ...] = ()
    outbound: Outbound = Field(default={}, validate_default=True)
    dkim: Dkim = Dkim()
    letters: Letters = Letters()
    acknowledgement: Acknowledgement = Acknowledgement()
    authentication: Authentication = Authentication()
    intake: Intake = Intake()
    quarantine: Quarantine = Quarantine()
    flood: Flood = Flood()
    participants: Participants = Participants()
    commands: Commands = Commands()
    closing: Closing = Closing()
    clock: Clock = Clock()
    defaults: Defaults = Defaults()
    calendar: dict[Word, Calendar] = Field(default={})
    sla: dict[Word, Sla] = Field(default={})
    team: dict[Word, Team] = Field(default={})
    agent: dict[Word, Agent] = Field(default={})
    organisation: dict[Word, Organisation] = Field(default={})
    topic: dict[Word, Topic] = Field(default={})
    correspondent: tuple[Correspondent, ...] = ()


def section_of(key: str) -> type[BaseModel] | None:
    """The model of a top-level table, or of the tables in it."""
    field = Tables.model_fields.get(key)
    kinds: list[Any] = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return models[0] if models else None
