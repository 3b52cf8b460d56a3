"""Numbers in the words of Prometheus (text exposition format 0.0.4), and those of a running desk.

Everything is collected when it is asked for, from counters the parts keep anyway and from a few short
questions to the store. It refuses to judge them (`checks`). `pages` shows it.
"""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maild import __version__
from maild.health.checks import Parts
from maild.store import Numbers, Unavailable

KIND = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: `samples` are pairs of labels and a value."""

    name: str  # without "maild_"
    kind: str  # counter, gauge
    help: str
    samples: Iterable[tuple[Mapping[str, str], float]]


def text(metrics: Iterable[Metric]) -> str:
    """The page. A family without samples is left out."""
    return "".join(line for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = f"maild_{metric.name}"
    samples = [f"{name}{_labels(labels)} {value:.15g}\n" for labels, value in metric.samples]
    if samples:
        yield f"# HELP {name} {metric.help}\n# TYPE {name} {metric.kind}\n"
        yield from samples


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def collect(parts: Parts, now: datetime) -> list[Metric]:
    """All numbers of this process and, where it can be asked, of its store."""
    try:
        numbers = parts.store.numbers()
    except Unavailable:
        numbers = None
    return [
        Metric("info", "gauge", "The program", [({"version": __version__}, 1)]),
        Metric("store_up", "gauge", "Whether the database answers", [({}, float(numbers is not None))]),
        *(_stored(numbers, now) if numbers else ()),
        *_doors(parts),
        *_mailboxes(parts),
        *_outgoing(parts),
        *_process(),
    ]


def _stored(numbers: Numbers, now: datetime) -> Iterator[Metric]:
    fates = {fate: count for fate, count in numbers.fates.items() if fate not in ("received", "waiting")}
    yield Metric("ledger_letters", "gauge", "Letters received, by fate", _each("fate", fates))
    yield Metric("ledger_received", "gauge", "Letters received in all", [({}, numbers.fates["received"])])
    waiting = {"in": numbers.fates["waiting"], "out": sum(numbers.queued.values())}
    yield Metric("waiting_letters", "gauge", "Letters that wait to be worked or sent", _each("queue", waiting))
    oldest = {"in": _age(numbers.oldest_in, now), "out": _age(numbers.oldest_out, now)}
    yield Metric("waiting_seconds", "gauge", "Age of the oldest of them, 0 for none", _each("queue", oldest))
    yield Metric("outbox_queued", "gauge", "Letters that have not left", _each("template", numbers.queued))
    yield Metric("outbox_unsure", "gauge", "Of them, those the relay may have", [({}, numbers.unsure)])
    yield Metric("outbox_dead", "gauge", "Letters given up", [({}, numbers.dead)])
    yield Metric("suppressed", "gauge", "Addresses that get no automatic mail", [({}, numbers.suppressed)])
    yield Metric("wrong_tokens_total", "counter", "What looked like a token of ours", [({}, numbers.wrong_tokens)])


def _doors(parts: Parts) -> Iterator[Metric]:
    kept = [({"door": door, "answer": answer}, n) for (door, answer), n in dict(parts.kept).items()]
    yield Metric("letters_total", "counter", "Letters handed in to this process, by door and answer", kept)
    sessions = {name: door.open_sessions for name, door in parts.doors.items()}
    yield Metric("door_sessions", "gauge", "Connections open", _each("door", sessions))
    listening = {name: len(door.bound) for name, door in parts.doors.items()}
    yield Metric("door_listening", "gauge", "Addresses the door is bound to", _each("door", listening))
    events = [
        ({"door": name, "event": event}, n)
        for name, door in parts.doors.items()
        for event, n in sorted(dict(door.counters).items())
    ]
    yield Metric("door_events_total", "counter", "What happened at a door", events)


def _mailboxes(parts: Parts) -> Iterator[Metric]:
    well = {box.settings.name: float(not box.state.trouble) for box in parts.mailboxes}
    yield Metric("mailbox_up", "gauge", "Whether the mailbox can be fetched from", _each("mailbox", well))
    letters = [
        ({"mailbox": box.settings.name, "what": what}, n)
        for box in parts.mailboxes
        for what, n in sorted(dict(box.counters).items())
    ]
    yield Metric("mailbox_letters_total", "counter", "Letters of the mailbox", letters)


def _outgoing(parts: Parts) -> Iterator[Metric]:
    sent = [({"template": name, "what": what}, n) for (name, what), n in sorted(dict(parts.courier.counters).items())]
    yield Metric("outgoing_total", "counter", "Letters written, sent, put off and given up by this process", sent)
    away = {one.name for one in parts.troubles.present()}
    relays = {name: float(f"relay {name}" not in away) for name in parts.relays}
    yield Metric("relay_up", "gauge", "Whether the relay takes letters", _each("relay", relays))
    troubles = {one.name: one.since.timestamp() for one in parts.troubles.present()}
    yield Metric("trouble_since_seconds", "gauge", "What is wrong, and since when (UNIX time)", _each("name", troubles))
    rounds = {name: watch.count for name, watch in parts.rounds.items()}
    yield Metric("rounds_total", "counter", "Rounds of a loop that found something to do", _each("loop", rounds))
    seconds = {name: watch.seconds for name, watch in parts.rounds.items()}
    yield Metric("round_seconds_total", "counter", "Seconds they took", _each("loop", seconds))


def _process() -> Iterator[Metric]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield Metric("process_resident_bytes", "gauge", "Memory", [({}, _resident(used.ru_maxrss * 1024))])
    yield Metric("process_cpu_seconds_total", "counter", "Processor time", [({}, used.ru_utime + used.ru_stime)])
    yield Metric("process_threads", "gauge", "Threads", [({}, threading.active_count())])


def _resident(highest: int) -> int:
    """Bytes of memory in use; where the system does not say, the most there ever were."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return highest


def _each(label: str, values: Mapping[str, float]) -> list[tuple[Mapping[str, str], float]]:
    return [({label: name}, value) for name, value in sorted(values.items())]


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0
