"""A desk looked at from outside, part by part: what is well, what is wrong, and what to do about it.

Nothing is changed and nothing is started; the desk may run or not. Every check ends by itself, and one
that fails keeps no other from being made. It refuses to print. `maild doctor` calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from maild.config import Config
from maild.health.doctor import dns_records, doors, machine, queues, ways
from maild.health.doctor.finding import Finding, wrong

CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    machine.check,
    queues.check,
    doors.check,
    ways.check,
    dns_records.check,
)


def examine(config: Config) -> Iterator[Finding]:
    """Everything there is to find, in the order of a letter's way."""
    for check in CHECKS:
        try:
            yield from check(config)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding like any other
            yield wrong(check.__module__.rpartition(".")[2], f"could not be checked: {type(error).__name__}: {error}")


__all__ = ["Finding", "examine"]
