"""How many letters a second a desk takes and works, what each costs, how big it is and how fast it starts.

A fresh desk as `maild init` makes it gets 900 first letters and then 100 replies to its own
acknowledgements, over 1 and over 10 kept SMTP sessions. Everything runs as shipped: rules, alerts to
agents, acknowledgements into a Maildir. "Accepted" is the last 250 after DATA; "worked" is the
last letter that was given a fate. Right after, a bare aiosmtpd throws the same letters away.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import ceilings, client, corpus, machine
from tests.bench.client import Delivery
from tests.bench.corpus import Sample
from tests.bench.daemon import Daemon, Watch

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wave:
    """Some letters sent in one go."""

    samples: Sequence[Sample]
    deliveries: Sequence[Delivery]
    fated: dict[str, float]  # bare Message-ID → when it was seen with a fate

    @property
    def begin(self) -> float:
        """When the first DATA left."""
        return min(delivery.data_at for delivery in self.deliveries)

    @property
    def seconds_accepted(self) -> float:
        """Until the last 250."""
        return client.span(self.deliveries)

    @property
    def seconds_worked(self) -> float:
        """Until the last fate."""
        return max(self.fated.values()) - self.begin

    def ms_to_yes(self) -> list[float]:
        """DATA to 250, for each letter."""
        return [delivery.seconds * 1000 for delivery in self.deliveries]

    def ms_to_fate(self) -> list[float]:
        """DATA to fate, for each letter."""
        return [
            (self.fated[self.samples[delivery.index].message_id.strip("<>")] - delivery.data_at) * 1000
            for delivery in self.deliveries
        ]


def send(desk: Daemon, samples: Sequence[Sample], sessions: int) -> Wave:
    """Send them all and wait until each has a fate."""
    watch = Watch(desk)
    deliveries = client.deliver(desk.port, samples, sessions=sessions)
    watch.wait(len(samples))
    return Wave(samples, deliveries, watch.seen)


def replies_to(desk: Daemon, first: Sequence[Sample], count: int) -> list[Sample]:
    """The first `count` people who got an answer write back."""
    answers = desk.answers()
    answered = [sample for sample in first if sample.sender in answers][:count]
    if len(answered) < count:
        raise RuntimeError(f"only {len(answered)} of {len(first)} senders got an acknowledgement")
    return [
        corpus.reply(
            number,
            sample,
            answer_id=answers[sample.sender].message_id,
            answer_subject=answers[sample.sender].subject,
        )
        for number, sample in enumerate(answered)
    ]


def measure(directory: Path, *, sessions: int) -> Figures:
    """One run over the desk in `directory`, made if need be. RuntimeError if any letter went astray."""
    first = corpus.first_letters()
    with Daemon(directory) as desk:
        time.sleep(1.0)  # what is done once after the start is not idling
        idle = desk.memory_mb("VmRSS")
        before = desk.fates()
        bytes_before = desk.bytes_on_disk()
        cpu_before = desk.cpu_seconds()
        wave = send(desk, first, sessions)
        seconds_sent = desk.wait_until_all_is_sent() - wave.begin
        replies = replies_to(desk, first, corpus.REPLY)
        second = send(desk, replies, sessions)
        seconds_sent += desk.wait_until_all_is_sent() - second.begin
        cpu = desk.cpu_seconds() - cpu_before
        peak = desk.memory_mb("VmHWM")
        fates = desk.fates() - before
        letters_out = desk.sent()
    expected = {"ticket": len(first), "reply": len(replies)}
    if fates != expected:
        raise RuntimeError(f"{expected} expected, the ledger says {dict(fates)}")
    count = len(first) + len(replies)
    yes = [*wave.ms_to_yes(), *second.ms_to_yes()]
    fate = [*wave.ms_to_fate(), *second.ms_to_fate()]
    accepted = count / (wave.seconds_accepted + second.seconds_accepted)
    ceiling = ceilings.sink([*first, *replies], sessions=sessions)["letters_per_s"]
    return {
        "sessions": sessions,
        "letters": count,
        "accepted_per_s": round(accepted, 1),
        "worked_per_s": round(count / (wave.seconds_worked + second.seconds_worked), 1),
        "sent_per_s": round(count / seconds_sent, 1),  # …until the last letter they caused had left, too
        "letters_out": letters_out,
        "ms_to_250": {"p50": round(machine.percentile(yes, 0.5), 1), "p99": round(machine.percentile(yes, 0.99), 1)},
        "ms_to_fate": {"p50": round(machine.percentile(fate, 0.5), 1), "p99": round(machine.percentile(fate, 0.99), 1)},
        "cpu_ms_per_letter": round(cpu * 1000 / count, 2),
        "idle_mb": idle,
        "peak_mb": peak,
        "seconds_to_listen": round(desk.seconds_to_listen, 2),
        "letter_bytes": round(statistics.mean(len(sample.raw) for sample in [*first, *replies])),
        "database_bytes_per_letter": round((desk.bytes_on_disk() - bytes_before) / count),
        "bare_aiosmtpd_per_s": ceiling,
        "accepted_of_bare_aiosmtpd": round(accepted / ceiling, 2),
    }


def median_of(runs: Sequence[Figures]) -> Figures:
    """The run in the middle, by letters worked a second: figures of one real run, not a mixture."""
    return sorted(runs, key=lambda figures: float(str(figures["worked_per_s"])))[len(runs) // 2]


def main() -> None:
    """Print one JSON object for each number of sessions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=3, help="fresh desks each; the median run is printed")
    options = parser.parse_args()
    for sessions in options.sessions:
        runs = []
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
                runs.append(measure(Path(directory, "desk"), sessions=sessions))
        print(json.dumps({"bench": "intake", **median_of(runs), "machine": machine.facts()}), flush=True)


if __name__ == "__main__":
    main()
