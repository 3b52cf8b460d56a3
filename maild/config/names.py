"""How the names in a configuration refer to each other, checked on the plain tables.

It works on what TOML gave, not on the validated sections, so that one wrong value
elsewhere does not hide a misspelt team. It refuses to judge types; what is not of the
expected type is passed over, `sections` has complained about it. Called by `loading` and `checking`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from maild.config.documents import Document
from maild.config.problems import Problem, dotted, unknown
from maild.config.sections import Defaults
from maild.config.toml_lines import Place
from maild.core.policy import ALWAYS

NO_PROMISE = "default"  # the plan that exists, promising nothing, where none is written

_NEVER_EMPTY = frozenset(
    ("defaults.priority", "defaults.sla", "closing.calendar", "sla.*.calendar", "team.*.members.*", "agent.*.teams.*")
)
# Where the name of something else stands. Elsewhere than in _NEVER_EMPTY, "" names nothing.
_REFERENCES = (
    ("defaults.priority", "priority"),
    ("defaults.sla", "sla"),
    ("defaults.team", "team"),
    ("closing.calendar", "calendar"),
    ("address.*.topic", "topic"),
    ("address.*.team", "team"),
    ("sla.*.calendar", "calendar"),
    ("team.*.members.*", "agent"),
    ("team.*.lead", "agent"),
    ("agent.*.teams.*", "team"),
    ("topic.*.parent", "topic"),
    ("topic.*.team", "team"),
    ("topic.*.agent", "agent"),
    ("topic.*.priority", "priority"),
    ("topic.*.sla", "sla"),
)


def check(document: Document) -> list[Problem]:
    """Every reference to nothing, every name given twice, every circle."""
    data = _with_defaults(document.data)
    found = [
        *_unknown_names(data),
        *_twice(data, ("address.*.address", "agent.*.email", "agent.*.also.*"), "the address {} is here already"),
        *_twice(data, ("correspondent.*.domain", "correspondent.*.address"), "{} is here already"),
        *_twice(data, ("team.*.name",), "a team called {} is here already"),
        *_twice(data, ("sla.*.name",), "an SLA plan called {} is here already"),
        *_twice(data, ("organisation.*.name",), "an organisation called {} is here already"),
        *_twice(data, ("organisation.*.domains.*",), "the domain {} is here already"),
        *_twice(data, ("defaults.priorities.*",), "the priority {} is here already"),
        *_one_door_each(data),
        *_admin_is_ours(data),
        *_correspondents(data),
        *_same_key(data),
        *_reserved(data),
        *_topics(data),
        *_never_open(data),
    ]
    return [
        Problem(document.file, document.line_of(place), dotted(place), _cited(text, about, document))
        for place, text, about in found
    ]


# A finding: where it is, what it is, and which other place its words speak of.
_Finding = tuple[Place, str, Place | None]


def _cited(text: str, about: Place | None, document: Document) -> str:
    return f"{text}: {dotted(about)}, line {document.line_of(about)}" if about else text


def _with_defaults(data: Mapping[str, Any]) -> Mapping[str, Any]:
    defaults = data.get("defaults", {})
    if not isinstance(defaults, Mapping):
        return data
    standard = Defaults()
    filled = {"priority": standard.priority, "priorities": standard.priorities, "sla": standard.sla, **defaults}
    return {**data, "defaults": filled}


def _walk(value: Any, pattern: tuple[str, ...], place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value whose path fits the pattern; "*" is any key or index."""
    if not pattern:
        yield place, value
        return
    head, rest = pattern[0], pattern[1:]
    if head != "*":
        if isinstance(value, Mapping) and head in value:
            yield from _walk(value[head], rest, (*place, head))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, rest, (*place, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(item, rest, (*place, index))


def _texts(data: Mapping[str, Any], pattern: str) -> Iterator[tuple[Place, str]]:
    return ((place, value) for place, value in _walk(data, tuple(pattern.split("."))) if isinstance(value, str))


def _keys(data: Mapping[str, Any], table: str) -> tuple[str, ...]:
    named = data.get(table, {})
    return tuple(named) if isinstance(named, Mapping) else ()


def _unknown_names(data: Mapping[str, Any]) -> Iterator[_Finding]:
    valid = {kind: _keys(data, kind) for kind in ("team", "agent", "topic")}
    valid["priority"] = tuple(name for _, name in _texts(data, "defaults.priorities.*"))
    valid["sla"] = _keys(data, "sla") or (NO_PROMISE,)
    valid["calendar"] = (*_keys(data, "calendar"), ALWAYS)
    for pattern, kind in _REFERENCES:
        for place, name in _texts(data, pattern):
            if name not in valid[kind] and (name or pattern in _NEVER_EMPTY):
                yield place, unknown(kind, name, valid[kind]), None


def _twice(data: Mapping[str, Any], patterns: tuple[str, ...], words: str) -> Iterator[_Finding]:
    first: dict[str, Place] = {}
    for pattern in patterns:
        for place, value in _texts(data, pattern):
            earlier = first.setdefault(value.casefold().strip(), place)
            if earlier != place:
                yield place, words.format(f'"{value}"'), earlier


_DOORS = ("smtp.listen.*", "smtp.listen_tls.*", "lmtp.listen.*", "submission.listen.*", "web.listen")


def _one_door_each(data: Mapping[str, Any]) -> Iterator[_Finding]:
    """Two doors cannot listen at one place; port 0 is another one each time."""
    for place, text, about in _twice(data, _DOORS, "{} is listened at already"):
        if ':0"' not in text:
            yield place, text, about


def _admin_is_ours(data: Mapping[str, Any]) -> Iterator[_Finding]:
    ours = {address.casefold(): place for place, address in _texts(data, "address.*.address")}
    for place, admin in _texts(data, "desk.admin"):
        if admin.casefold() in ours:
            yield place, "trouble would be told to the desk itself", ours[admin.casefold()]


def _correspondents(data: Mapping[str, Any]) -> Iterator[_Finding]:
    for place, one in _walk(data, ("correspondent", "*")):
        if isinstance(one, Mapping) and bool(one.get("domain")) == bool(one.get("address")):
            yield place, 'give either domain = "tickets.example" or address = "desk@tickets.example"', None


def _same_key(data: Mapping[str, Any]) -> Iterator[_Finding]:
    for key in _keys(data, "agent"):
        if key in _keys(data, "team"):
            yield ("agent", key), "a team has this key too, and commands could mean either", ("team", key)


def _reserved(data: Mapping[str, Any]) -> Iterator[_Finding]:
    if ALWAYS in _keys(data, "calendar"):
        yield ("calendar", ALWAYS), "this calendar always exists and cannot be changed", None


def _topics(data: Mapping[str, Any]) -> Iterator[_Finding]:
    names = {str(place[1]): name for place, name in _texts(data, "topic.*.name")}
    parents = {str(place[1]): parent for place, parent in _texts(data, "topic.*.parent")}
    for key in parents:
        chain = [key]
        while (parent := parents.get(chain[-1], "")) and parent not in chain:
            chain.append(parent)
        if parent == key:
            yield ("topic", key, "parent"), "topics in a circle: " + " > ".join([*chain, key]), None
    first: dict[tuple[str, str], Place] = {}
    for key, name in names.items():
        place = ("topic", key, "name")
        earlier = first.setdefault((parents.get(key, ""), name.casefold()), place)
        if earlier != place:
            yield place, f'a topic called "{name}" is here already', earlier


def _never_open(data: Mapping[str, Any]) -> Iterator[_Finding]:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for place, calendar in _walk(data, ("calendar", "*")):
        if isinstance(calendar, Mapping) and not any(calendar.get(day) for day in days):
            yield place, 'never open: give at least one day hours, monday = "09:00-17:00"', None
