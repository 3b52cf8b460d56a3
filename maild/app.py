"""The only place where things are built, started, reloaded and stopped.

`cli` calls it; nobody else may. It refuses to know what any part does with its day.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import random
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from maild import config as configuration
from maild import letters
from maild.config import Config, ConfigErrors
from maild.core.matching import is_ours
from maild.core.model import Envelope, Receipt, SentLetter
from maild.desk import Desk
from maild.edges.clock import Metronome
from maild.edges.courier import Courier
from maild.edges.outbound import Relay, relay
from maild.edges.smtp import SmtpDoor, SmtpSettings
from maild.loops import Loop
from maild.pace import Pace
from maild.paths import TEMPLATES
from maild.store import OutboxRow, Store, open_store

log = logging.getLogger("maild.app")

GRACE = 10.0  # seconds a transaction in flight gets at shutdown
# A thread that computes holds the interpreter this long before another may run. The default of
# 5 ms makes every SMTP reply wait that long for the worker; see docs/benchmarks.md.
SWITCH_INTERVAL = 0.0005


class NotReady(Exception):
    """maild cannot start, for a reason an admin can act on."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_ready_store(config: Config) -> Store:
    """The store of this configuration; NotReady when its schema is not the one this program knows."""
    store = open_store(config.store.url)
    state = store.schema_state()
    if state == "current":
        return store
    store.close()
    where = config.store.url
    raise NotReady(
        {
            "empty": f"{where} holds no desk yet; `maild migrate` makes one",
            "old": f"{where} has an older schema; `maild migrate` brings it up to date (keep a backup)",
            "unknown": f"{where} has a schema this version does not know; it was made by a newer maild",
        }[state]
    )


class App:
    """One running desk. Build it, then `run` it, or use its parts for one round from the shell."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
        through: Relay | None = None,
    ) -> None:
        self.config = config
        self.policy = configuration.policy(config)
        self.templates = letters.load(template_directories(config.desk.templates))
        self.store = open_ready_store(config)
        node = os.uname().nodename
        self._workers = (f"desk@{node}", f"courier@{node}")
        self.desk = Desk(self.store, self.policy, clock, worker=self._workers[0])
        self.relay = through or relay(config.outbound)
        self.courier = Courier(
            self.store,
            templates=lambda: self.templates,
            policy=lambda: self.policy,
            relay=self.relay,
            clock=clock,
            jitter=jitter,
            on_dead=self._undelivered,
            retry_for=config.outbound.retry_for,
            worker=self._workers[1],
        )
        self._pace = Pace()
        self.work = Loop("work", lambda: self._pace.gather() or self.desk.work())
        self.ticks = Loop("tick", self.desk.tick)
        self.deliver = Loop("deliver", self._deliver)
        self.door = SmtpDoor(_smtp_settings(config), self._accept, lambda rcpt: is_ours(rcpt, self.policy), clock)
        self._metronome = Metronome(
            {
                "tick": (config.clock.tick.total_seconds(), self.ticks.wake),
                "work": (config.clock.deliver.total_seconds(), self.work.wake),
                "deliver": (config.clock.deliver.total_seconds(), self.deliver.wake),
            }
        )
        self._stop = asyncio.Event()

    # ----------------------------------------------------------------- a running daemon

    async def run(self, ready: Callable[[App], None] = lambda app: None) -> None:
        """Serve until `stop`, SIGTERM or SIGINT. `ready` is called when letters are accepted."""
        sys.setswitchinterval(SWITCH_INTERVAL)
        with ExitStack() as held:
            held.enter_context(OneDaemon(self.config))
            await self.start()
            try:
                self._listen_to_signals()
                ready(self)
                await self._stop.wait()
            finally:
                await self.shut_down()

    async def start(self) -> None:
        """Start everything, doors last: nothing is accepted that could not be worked."""
        for worker in self._workers:  # what a crash left leased to us
            self.store.release(worker)
        self.store.notify = self._woken
        for loop in (self.work, self.ticks, self.deliver):
            loop.start()
        self._metronome.start()
        await self.door.start()

    async def shut_down(self) -> None:
        """Stop in reverse. What is accepted by now is kept; what is not was never promised."""
        await self.door.stop(GRACE)
        self._metronome.stop()
        for loop in (self.work, self.ticks, self.deliver):
            if not await asyncio.to_thread(loop.stop, GRACE):
                log.warning("%s did not finish in %.0f s; it will be taken up at the next start", loop, GRACE)
        await asyncio.to_thread(self.close)

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        """Let go of the relay and the store."""
        self.relay.close()
        self.store.close()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, self.reload))

    def _accept(self, envelope: Envelope) -> Future[Receipt]:
        self._pace.stir()
        return self.desk.accept(envelope)

    def _deliver(self) -> bool | float:
        wait, letters = self._pace.hold()
        return wait or self.courier.deliver_round(letters)

    def _woken(self) -> None:
        """The store has committed something another part waits for."""
        self.work.wake()
        self.deliver.wake()

    def _undelivered(self, row: OutboxRow, diagnostic: str) -> None:
        letter = row.letter
        sent = SentLetter(outbox_id=row.outbox_id, ticket=row.number or 0, template=letter.template, to=letter.to.email)
        self.desk.undelivered(sent, diagnostic)

    # ----------------------------------------------------------------- reload

    def reload(self) -> bool:
        """Read people, rules and templates again. A broken file leaves everything as it was and tells the admin."""
        try:
            config = configuration.load(self.config.path)
            policy = configuration.policy(config)
            templates = letters.load(template_directories(config.desk.templates))
        except (ConfigErrors, letters.TemplateErrors) as errors:
            log.error("reload refused, the old policy stays in force:\n%s", errors)
            with suppress(Exception):
                self.desk.tell_admin("reload-failed", {"errors": str(errors)[:20_000]})
            return False
        self.policy, self.templates = policy, templates
        self.desk.policy = policy
        moved = self.desk.reset_clocks()
        log.info(
            "reloaded: %d rules, %d agents; %d tickets have a new due time",
            len(policy.rules),
            len(policy.agents),
            moved,
        )
        self.ticks.wake()
        return True


def template_directories(own: Path) -> list[Path]:
    """The admin's own templates, then the shipped ones, file by file: an upgrade can add a letter."""
    return [own, TEMPLATES]


def _smtp_settings(config: Config) -> SmtpSettings:
    smtp = config.smtp
    return SmtpSettings(
        hostname=smtp.hostname,
        listen=tuple(smtp.listen),
        max_size=smtp.max_size,
        max_recipients=smtp.max_recipients,
        max_connections=smtp.max_connections,
        max_connections_per_peer=smtp.max_connections_per_peer,
        command_timeout=smtp.command_timeout.total_seconds(),
        data_timeout=smtp.data_timeout.total_seconds(),
    )


class OneDaemon:
    """Holds the desk's lock file: two daemons on one SQLite file would fight over its write-ahead log."""

    def __init__(self, config: Config) -> None:
        self._path = Path(config.desk.data) / "maild.lock"
        self._needed = config.store.url.startswith("sqlite")

    def __enter__(self) -> None:
        if not self._needed:
            return
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise NotReady(f"another maild is running on {self._path.parent} (it holds {self._path.name})") from None

    def __exit__(self, *_: object) -> None:
        if self._needed:
            self._file.close()
