"""The metronome: calls callables every so many seconds, and knows nothing else.

Truth about what is due lives in tables; a beat that comes late or twice does no harm. So the
scheduler keeps its jobs in memory, runs a missed beat once, and never two at a time
(APScheduler's own default drops a beat that is one second late).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler


class Metronome:
    """`beats` maps a name to (seconds, callable); a callable must return at once."""

    def __init__(self, beats: Mapping[str, tuple[float, Callable[[], None]]]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        for name, (seconds, beat) in beats.items():
            self._scheduler.add_job(beat, "interval", seconds=seconds, id=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
