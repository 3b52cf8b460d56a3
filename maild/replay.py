"""Letters of the past under changed rules: what would be different, counted, with examples. Nothing is changed.

Every letter that began a ticket is read again and judged as if nobody had written before, under the changed
rules and under those of today; or, where only one set of rules is given, compared with what the ticket began
with, as its thread remembers. It refuses to know where rules come from and how the difference is shown.
Called by `maild rules try`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maild.core.mail import read
from maild.core.model import Entry, Fate, Ticket
from maild.core.policy import Policy
from maild.core.rehearsal import FIELDS, Came, rehearse
from maild.store import Began


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that would be another. Of a tag one side is "", the other the tag."""

    field: str  # of FIELDS, or tag, acknowledge, fate
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Example:
    """A letter for which it would be so; `rule` is the one that makes the difference, "" if none can be named."""

    ticket: int
    mail_id: int
    subject: str
    rule: str


@dataclass(slots=True)
class Replay:
    """What was found."""

    letters: int = 0  # compared
    without_bytes: int = 0  # their raw bytes are gone
    continued: int = 0  # they continued a closed ticket, whose values they inherited: nothing to compare with
    changed: int = 0  # of `letters`, those for which something would be different
    counts: Counter[Difference] = field(default_factory=Counter)
    examples: dict[Difference, list[Example]] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)  # rule → letters it would hit


def replay(letters: Iterable[Began], changed: Policy, today: Policy | None, examples: int) -> Replay:
    """Judge these letters under `changed` and compare with `today`, None: with what was recorded."""
    found = Replay()
    for one in letters:
        if one.envelope is None:
            found.without_bytes += 1
            continue
        message = read(one.envelope.raw)
        if today is None:
            before = recorded(one.ticket, one.events)
        else:
            before = rehearse(message, one.envelope, today, one.received_at)
        if before is None:
            found.continued += 1
            continue
        after = rehearse(message, one.envelope, changed, one.received_at)
        found.letters += 1
        found.hits.update(after.rules)
        differences = _differences(before, after, acknowledged=today is not None)
        found.changed += bool(differences)
        for difference in differences:
            found.counts[difference] += 1
            known = found.examples.setdefault(difference, [])
            if len(known) < examples:
                rule = _responsible(difference, before, after, today, changed)
                known.append(Example(one.ticket.number, one.mail_id, one.ticket.subject, rule))
    return found


def recorded(ticket: Ticket, events: Iterable[Entry]) -> Came | None:
    """What a ticket began with, from its thread; None where it continued another one."""
    values: dict[str, object] = {name: getattr(ticket, name) for name in (*FIELDS, "tags")}
    rules: tuple[str, ...] = ()
    history = list(events)
    began = next((event.at for event in history if event.data.get("field") == "opened"), None)
    for event in reversed(history):  # the first change of a field knows what was there before
        name = event.data.get("field")
        if event.at == began and event.author.startswith("rule:"):
            continue  # that is how it began
        if name == "opened":
            rules = tuple(event.data.get("rules", ()))
            if event.data.get("continues") or event.data.get("linked"):
                return None
        elif name in values and "old" in event.data:
            values[name] = event.data["old"]
    tags = values.pop("tags")
    return Came(
        fate=Fate.TICKET,
        reason="",
        fields={name: str(value or "") for name, value in values.items()},
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list | tuple) else (),
        acknowledge=False,
        rules=rules,
        trace=(),
    )


def _differences(before: Came, after: Came, *, acknowledged: bool) -> list[Difference]:
    if before.fate != after.fate:
        return [Difference("fate", str(before.fate), str(after.fate))]
    differences = [
        Difference(name, before.fields[name], after.fields[name])
        for name in (FIELDS if before.fields else ())
        if before.fields[name] != after.fields[name]
    ]
    differences += [Difference("tag", tag, "") for tag in before.tags if tag not in after.tags]
    differences += [Difference("tag", "", tag) for tag in after.tags if tag not in before.tags]
    if acknowledged and before.acknowledge != after.acknowledge:
        differences.append(Difference("acknowledge", _yes(before.acknowledge), _yes(after.acknowledge)))
    return differences


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _responsible(difference: Difference, before: Came, after: Came, today: Policy | None, changed: Policy) -> str:
    """The rule that would set the new value; else the one that would no longer set the old one."""
    if rule := _setter(difference.field, difference.new, after, changed):
        return rule
    gone = _setter(difference.field, difference.old, before, today) if today else ""
    gone = gone or next((rule for rule in before.rules if rule not in after.rules), "")
    return f"no longer {gone}" if gone else next((rule for rule in after.rules if rule not in before.rules), "")


def _setter(name: str, value: str, came: Came, policy: Policy) -> str:
    hit = [rule for rule in policy.rules if rule.name in came.rules]
    if name == "tag":
        return next((rule.name for rule in hit if value and value in rule.tags), "")
    if name == "acknowledge":
        return next((rule.name for rule in reversed(hit) if rule.acknowledge is (value == "yes")), "")
    setters = [rule for rule in hit if name in rule.fields]
    if not setters and name in FIELDS:  # a topic brings values along
        setters = [rule for rule in hit if "topic" in rule.fields]
        return setters[-1].name if setters else ""
    return setters[-1].name if setters and setters[-1].fields[name] == value else ""


def sentences(found: Replay, names: Mapping[str, Mapping[str, str]]) -> list[tuple[Difference, str]]:
    """Each difference as a sentence, the most frequent first. `names`: field → key → what people call it."""
    return [(one, _sentence(one, count, found.letters, names)) for one, count in _ordered(found.counts)]


def _ordered(counts: Counter[Difference]) -> list[tuple[Difference, int]]:
    order = ("fate", *FIELDS, "tag", "acknowledge")
    return sorted(counts.items(), key=lambda it: (order.index(it[0].field), -it[1], it[0].old, it[0].new))


def _sentence(one: Difference, count: int, letters: int, names: Mapping[str, Mapping[str, str]]) -> str:
    def name(key: str, nothing: str) -> str:
        return names.get(one.field, {}).get(key, key) or nothing

    begins = f"{count:,} of {letters:,} would"
    match one.field:
        case "team":
            return f"{begins} go to {name(one.new, 'no team')} instead of {name(one.old, 'no team')}"
        case "agent":
            return f"{begins} go to {name(one.new, 'nobody in particular')} instead of {name(one.old, 'nobody')}"
        case "topic":
            return f"{begins} be about {name(one.new, 'no topic')} instead of {name(one.old, 'no topic')}"
        case "priority" | "status":
            return f"{begins} be {name(one.new, 'without')} instead of {name(one.old, 'without')}"
        case "sla":
            return f"{begins} have the plan {name(one.new, 'none')} instead of {name(one.old, 'none')}"
        case "tag" if one.new:
            return f"{begins} be tagged {one.new}"
        case "tag":
            return f"{begins} no longer be tagged {one.old}"
        case "acknowledge":
            return f"{begins} " + ("be acknowledged" if one.new == "yes" else "no longer be acknowledged")
        case _:
            return f"{begins} meet the fate {one.new} instead of {one.old}"
