"""What may stand in a key of the configuration: types that check one value each.

It refuses to know which keys there are; `sections` and `listening` do. Relative paths are taken
from the configuration file's directory, which validators find in the context as "base".
"""

from collections.abc import Callable
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo

from maild.config import values
from maild.config.problems import unknown
from maild.config.values import Endpoint, Span
from maild.core import amounts
from maild.core.rules import finder

T = TypeVar("T")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


def _base(info: ValidationInfo) -> Path:
    return Path(info.context["base"]) if info.context else Path()


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError("must be the path of a file or directory")
    return _base(info) / value


def _paths(value: object, info: ValidationInfo) -> tuple[Path, ...]:
    return tuple(_path(each, info) for each in (value if isinstance(value, list | tuple) else (value,)))


def with_base(read: Callable[[object, Path], T]) -> Callable[[object, ValidationInfo], T]:
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


def finds(value: str) -> str:
    """A pattern for references; it is compiled for good where the policy is made."""
    if value:
        finder(value)
    return value


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError(unknown("time zone", str(value), sorted(available_timezones()))) from None


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError(f'"{value}" must be an address or a network: "192.0.2.7", "10.0.0.0/8"') from None


Directory = Annotated[Path, BeforeValidator(_path)]
Files = Annotated[tuple[Path, ...], BeforeValidator(_paths)]
Line = Annotated[str, AfterValidator(_line)]
Word = Annotated[str, AfterValidator(_word)]
Tag = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,10}$")]
Email = Annotated[str, PlainValidator(values.email)]
Domain = Annotated[str, PlainValidator(values.domain)]
Duration = Annotated[timedelta, PlainValidator(amounts.duration)]
Promise = Annotated[Span, PlainValidator(values.span)]
Size = Annotated[int, PlainValidator(amounts.size)]
Hours = Annotated[tuple[tuple[time, time], ...], PlainValidator(values.hours)]
Listen = Annotated[Endpoint, PlainValidator(values.endpoint)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone)]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
AtLeastOne = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
SenderPattern = Annotated[str, PlainValidator(values.sender_pattern)]
FileGlob = Annotated[str, PlainValidator(values.file_glob)]
TimeOfDay = Annotated[time | None, PlainValidator(values.time_of_day)]
