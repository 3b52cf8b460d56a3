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
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from maild import config as configuration
from maild import letters
from maild.config import Config, ConfigErrors
from maild.core.matching import is_ours
from maild.core.model import Envelope, Receipt, SentLetter
from maild.desk import Desk
from maild.edges.clock import Metronome
from maild.edges.courier import Courier
from maild.edges.outbound import relay
from maild.edges.smtp import SmtpDoor, SmtpSettings
from maild.loops import Loop
from maild.pace import Pace
from maild.paths import TEMPLATES
from maild.store import OutboxRow, Store, Unavailable, open_store

log = logging.getLogger("maild.app")

GRACE = 10.0  # seconds a transaction in flight gets at shutdown
PATIENCE = 5.0  # seconds a start waits for commands of the shell to end
# A thread that computes holds the interpreter this long before another may run; see docs/benchmarks.md.
SWITCH_INTERVAL = 0.002


class NotReady(Exception):
    """maild cannot start, for a reason an admin can act on."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_ready_store(config: Config, *, checkpoint: bool = True) -> Store:
    """The store of this configuration; NotReady when its schema is not the one this program knows.

    `checkpoint`: see DeskLock.
    """
    store = open_store(config.store.url, checkpoint=checkpoint)
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
        checkpoint: bool = True,
    ) -> None:
        self.config = config
        self.policy = configuration.policy(config)
        self.templates = letters.load(template_directories(config.desk.templates))
        self.store = open_ready_store(config, checkpoint=checkpoint)
        # Several desks of one host may share a database: a start must give back its own claims only.
        here = f"{os.uname().nodename}:{config.path}"
        self._workers = (f"desk@{here}", f"courier@{here}")
        self.desk = Desk(self.store, self.policy, clock, worker=self._workers[0])
        self.relay = relay(config.outbound, self._password)
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
        self._cut_short = False  # the last round of letters, by a store that went away
        self.work = Loop("work", lambda: self._pace.gather() or self.desk.work())
        self._policy_is_new = False  # and the tickets' due times are still those of the old one
        self.ticks = Loop("tick", self._tick)
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
        """Serve until `stop`, SIGTERM or SIGINT. `ready` is called when letters are accepted.

        Raises NotReady where another maild is running, ConfigErrors where the relay's login lacks a password.
        """
        configuration.outbound_password(self.config, os.environ)  # missed now rather than with the first letter
        sys.setswitchinterval(SWITCH_INTERVAL)
        lock = DeskLock(self.config)
        await _alone(lock)
        try:
            await self.start()
            try:
                self._listen_to_signals()
                ready(self)
                await self._stop.wait()
            finally:
                await self.shut_down()
        finally:
            lock.free()

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
        if wait:
            return wait
        if self._cut_short:  # by a full disk, say: what the courier had claimed must not wait for its lease to end
            self.store.release(self._workers[1])
            self._cut_short = False
        try:
            return self.courier.deliver_round(letters)
        except Unavailable:
            self._cut_short = True
            raise

    def _tick(self) -> bool:
        if self._policy_is_new:
            moved = self.desk.reset_clocks()
            self._policy_is_new = False
            log.info("%d tickets have a new due time", moved)
        return self.desk.tick()

    def _woken(self) -> None:
        """The store has committed something another part waits for."""
        self.work.wake()
        self.deliver.wake()

    def _password(self) -> str:
        """The relay's password as it is now."""
        try:
            return configuration.outbound_password(self.config, os.environ)
        except ConfigErrors as errors:
            raise OSError(str(errors)) from None

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
        self._policy_is_new = True
        log.info("reloaded: %d rules, %d agents", len(policy.rules), len(policy.agents))
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


class DeskLock:
    """The desk's lock file: who holds it may write SQLite's log back into the database.

    Two processes that do so at once can damage the file (SQLite before 3.51.3). The daemon holds it
    as long as it runs, a command of the shell while it works; a command that comes too late opens its
    store with checkpoint=False. PostgreSQL needs no lock: there everybody gets it.
    """

    def __init__(self, config: Config) -> None:
        self.path = Path(config.desk.data) / "maild.lock"
        self._needed = config.store.url.startswith("sqlite")
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Take it if it is free. OSError where the file cannot be opened."""
        if not self._needed:
            return True
        file = self.path.open("a+")
        try:
            if os.geteuid() == 0:  # else a command typed as root would lock the desk's own user out
                owner = self.path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except BaseException:
            file.close()
            raise
        self._file = file
        return True

    def free(self) -> None:
        """Give it back; the end of the process does so, too."""
        if self._file is not None:
            self._file.close()
            self._file = None


async def _alone(lock: DeskLock) -> None:
    """Take the lock as soon as commands in flight have ended; NotReady where its holder stays, as a daemon does."""
    end = time.monotonic() + PATIENCE
    try:
        while not lock.take():
            if time.monotonic() > end:
                raise NotReady(f"another maild is running on {lock.path.parent} (it holds {lock.path.name})")
            await asyncio.sleep(0.02)
    except OSError as error:
        raise NotReady(f"{lock.path}: {error.strerror}") from None
