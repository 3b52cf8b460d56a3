"""The only place where things are built, started, reloaded and stopped.

`cli` calls it; nobody else may. It refuses to know what any part does with its day.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from maild import config as configuration
from maild import letters, mailboxes, systemd
from maild.config import Config, ConfigErrors
from maild.core import delivery
from maild.core.matching import is_ours
from maild.core.model import Envelope, Receipt, SentLetter
from maild.desk import Desk
from maild.doors import SOCKETS, Doors
from maild.edges.clock import Metronome
from maild.edges.courier import Courier, Manners
from maild.edges.emergency import EmergencyDoor
from maild.edges.imap import ImapDoor
from maild.edges.maildir import MaildirDoor
from maild.edges.outbound_choice import relays
from maild.edges.smtp_tls import BadCertificate
from maild.health.checks import Parts, Stopwatch
from maild.health.pages import web_door
from maild.health.watch import watch_over
from maild.loops import Loop
from maild.pace import Pace
from maild.paths import TEMPLATES
from maild.ready import DeskLock, NotReady, open_ready_store
from maild.running import Running
from maild.store import OutboxRow, Unavailable

if TYPE_CHECKING:
    from maild.dkim import Signer
    from maild.edges.auth import SenderCheck

log = logging.getLogger("maild.app")

GRACE = 10.0  # seconds a transaction in flight gets at shutdown
LOOKING = 10.0  # seconds a letter's sender may be looked at, where we do that ourselves
CERTIFICATE_EVERY = 10.0  # seconds between two looks at the files of the certificate
FORGET_EVERY = 86_400.0  # seconds between two looks through the letters of ours that are kept
FORGET_AT_ONCE = 200  # letters of one look…
FORGET_PAUSE = 0.5  # …and seconds until the next
# A thread that computes holds the interpreter this long before another may run; see docs/benchmarks.md.
SWITCH_INTERVAL = 0.002


def utc_now() -> datetime:
    return datetime.now(UTC)


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
        self._clock = clock
        self.policy = configuration.policy(config)
        self.templates = letters.load(template_directories(config.desk.templates))
        signer = configuration.dkim_signer(config)
        self.store = open_ready_store(config, checkpoint=checkpoint)
        # Several desks of one host may share a database: a start must give back its own claims only.
        here = f"{os.uname().nodename}:{config.path}"
        self._workers = (f"desk@{here}", f"courier@{here}")
        self.desk = Desk(self.store, self.policy, clock, worker=self._workers[0])
        self.relays = relays(config.outbound, self._password)
        self.courier = self._courier(signer, clock, jitter)
        self._senders = sender_check(config, self.desk.accept)
        self._pace = Pace()
        self._cut_short = False  # the last round of letters, by a store that went away
        self._rounds = {"work": Stopwatch(), "deliver": Stopwatch()}
        self.work = Loop("work", lambda: self._pace.gather() or self._rounds["work"].timed(self.desk.work))
        self._policy_is_new = False  # and the tickets' due times are still those of the old one
        self.ticks = Loop("tick", self._tick)
        self.deliver = Loop("deliver", self._deliver)
        looking = LOOKING if self._senders is not None else 0.0
        self.doors = Doors(config, self._accept, lambda: self.policy, clock, looking)
        self.door = self.doors.smtp
        self.watch = watch_over(config, self.store, self.relays, lambda: self.policy, clock, self._found)
        self.web = web_door(config.web.listen, self.parts, clock)
        self.certificate = Loop("certificate", self._look_at_certificate)
        self._looked_through = 0  # the last letter of ours whose bytes have been looked at
        self.forget = Loop("forget", self._forget)
        self.imap = self._imap(f"imap@{here}", jitter)
        self.maildirs = [MaildirDoor(one, self._accept, self._delivered, clock) for one in mailboxes.maildirs(config)]
        watching = (Loop(f"maildir {door.settings.path}", door.round) for door in self.maildirs)
        fetching = self._emergency(config)
        looking_after = Loop("watch", self.watch.look)
        own = (self.work, self.ticks, self.deliver, self.forget, self.certificate, looking_after)
        self._loops = (*own, *watching, *fetching)
        self._metronome = Metronome(
            {
                "forget": (FORGET_EVERY, self.forget.wake),
                "certificate": (CERTIFICATE_EVERY, self.certificate.wake),
                "tick": (config.clock.tick.total_seconds(), self.ticks.wake),
                "work": (config.clock.deliver.total_seconds(), self.work.wake),
                "deliver": (config.clock.deliver.total_seconds(), self.deliver.wake),
            }
        )
        self._running = Running(Path(config.desk.data))
        self._stop = asyncio.Event()
        self._supervisor = systemd.Supervisor(os.environ)

    def _courier(self, signer: Signer | None, clock: Callable[[], datetime], jitter: Callable[[], float]) -> Courier:
        return Courier(
            self.store,
            templates=lambda: self.templates,
            policy=lambda: self.policy,
            relays=self.relays,
            clock=clock,
            jitter=jitter,
            on_dead=lambda row, why: self.desk.undelivered(_sent(row), why),
            on_twice=lambda row: self.desk.sent_twice(_sent(row)),
            sign=signer.sign if signer else None,
            manners=_manners(self.config),
            worker=self._workers[1],
        )

    def _imap(self, worker: str, jitter: Callable[[], float]) -> ImapDoor:
        return ImapDoor(
            mailboxes.settings(self.config),
            self._accept,
            self._delivered,
            self.store,
            clock=self._clock,
            jitter=jitter,
            worker=worker,
            trouble=self.watch.mailbox,
        )

    # ----------------------------------------------------------------- a running daemon

    async def run(self, ready: Callable[[App], None] = lambda app: None) -> None:
        """Serve until `stop`, SIGTERM or SIGINT. `ready` is called when letters are accepted.

        Raises NotReady where another maild is running, ConfigErrors where the relay's login lacks a password.
        """
        for place in range(len(self.relays)):  # missed now rather than with the first letter
            configuration.outbound_password(self.config, os.environ, place)
        sys.setswitchinterval(SWITCH_INTERVAL)
        lock = DeskLock(self.config)
        await asyncio.to_thread(lock.wait)
        try:
            await self.start(_handed_over())
            try:
                self._listen_to_signals()
                self._running.announce()  # not before: SIGHUP would have ended us
                ready(self)
                self._supervisor.ready("taking letters")
                await self._stay()
            finally:
                self._running.gone()
                self._supervisor.stopping()
                await self.shut_down()
        finally:
            lock.free()

    async def _stay(self) -> None:
        """Until `stop`; whoever watches over us sees that the doors' own thread is alive."""
        while not self._stop.is_set():
            self._supervisor.alive()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._supervisor.watchdog / 2 or None):
                    await self._stop.wait()

    async def start(self, sockets: Mapping[str, Sequence[socket.socket]] = MappingProxyType({})) -> None:
        """Start everything, doors last: nothing is accepted that could not be worked.

        `sockets`: those that are open already, by the names systemd has for them. NotReady where the certificate
        cannot be used.
        """
        try:
            self.doors.load_certificate()
        except BadCertificate as error:
            raise NotReady(str(error)) from None
        for worker in self._workers:  # what a crash left leased to us
            self.store.release(worker)
        self.store.notify = self._woken
        for loop in self._loops:
            loop.start()
        self._metronome.start()
        await self.doors.start(sockets)
        self.imap.start()
        if self.web is not None:
            await self.web.start()

    async def shut_down(self) -> None:
        """Stop in reverse. What is accepted by now is kept; what is not was never promised."""
        if self.web is not None:
            self.web.stop()
        await asyncio.gather(self.doors.stop(GRACE), asyncio.to_thread(self.imap.stop, GRACE))
        if self._senders is not None:
            self._senders.close()
        self._metronome.stop()
        for loop in self._loops:
            if not await asyncio.to_thread(loop.stop, GRACE):
                log.warning("%s did not finish in %.0f s; it will be taken up at the next start", loop, GRACE)
        await asyncio.to_thread(self.close)

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        """Let go of the relays and the store."""
        for relay in self.relays:
            relay.close()
        self.store.close()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, self._reload_all))

    def _accept(self, envelope: Envelope) -> Future[Receipt]:
        self._pace.stir()
        looked_at = self._senders is not None and self._senders.judges(envelope)
        promise = self._senders.accept(envelope) if self._senders and looked_at else self.desk.accept(envelope)
        promise.add_done_callback(partial(self.watch.answered, envelope.door))
        return promise

    def _delivered(self, raw: bytes, mailbox: str) -> tuple[str, tuple[str, ...]]:
        return delivery.envelope(raw, self.policy, mailbox)

    def _deliver(self) -> bool | float:
        wait, letters = self._pace.hold()
        if wait:
            return wait
        if self._cut_short:  # by a full disk, say: what the courier had claimed must not wait for its lease to end
            self.store.release(self._workers[1])
            self._cut_short = False
        try:
            return self._rounds["deliver"].timed(lambda: self.courier.deliver_round(letters))
        except Unavailable:
            self._cut_short = True
            raise

    def _tick(self) -> bool:
        if self._policy_is_new:
            moved = self.desk.reset_clocks()
            self._policy_is_new = False
            log.info("%d tickets have a new due time", moved)
        return self.desk.tick()

    def _forget(self) -> bool | float:
        """Drop the bytes of automatic letters that left long ago, a handful at a time."""
        before = self._clock() - self.config.outbound.keep_sent
        after, dropped = self.store.outbox_forget(self._looked_through, before, FORGET_AT_ONCE)
        if dropped:
            log.info("the bytes of %d automatic letters sent before %s were dropped", dropped, before)
        self._looked_through = after or 0
        return FORGET_PAUSE if after else False

    def _emergency(self, config: Config) -> list[Loop]:
        """What fetches the letters `maild pipe` has kept while there was no database."""
        directory = config.pipe.emergency
        if directory is None:
            return []
        door = EmergencyDoor(
            directory,
            self._accept,
            lambda rcpt: is_ours(rcpt, self.policy),
            lambda: self.policy.addresses[0].email,
        )
        every = config.clock.deliver.total_seconds()
        return [Loop("emergency", lambda: door.round() or every)]

    def _woken(self) -> None:
        """The store has committed something another part waits for."""
        self.work.wake()
        self.deliver.wake()

    def _password(self, place: int) -> str:
        """The password of the relay at this place as it is now."""
        try:
            return configuration.outbound_password(self.config, os.environ, place)
        except ConfigErrors as errors:
            raise OSError(str(errors)) from None

    # ----------------------------------------------------------------- reload

    def _reload_all(self) -> None:
        """What SIGHUP asks for."""
        self._supervisor.reloading()
        trouble = self.doors.reload_certificate()
        taken = self.reload()
        if taken and trouble:
            with suppress(Exception):
                self.desk.tell_admin("reload-failed", {"errors": trouble})
        self._running.reloaded(taken=taken)
        self._supervisor.ready("taking letters")

    def _look_at_certificate(self) -> bool:
        """Take over a new certificate; the watch asks about one that cannot be used."""
        self.doors.reload_certificate(changed_only=True)
        return False

    def _found(self) -> Iterator[tuple[str, str]]:
        """Of the parts that log for themselves: what is wrong with each."""
        yield "certificate", self.doors.certificate_trouble
        for door in self.maildirs:
            yield f"maildir {door.settings.path}", door.trouble

    def parts(self) -> Parts:
        """What whoever asks for the desk's health looks at."""
        return Parts(
            store=self.store,
            doors=dict(self.doors.named()),
            wanted=self.doors.wanted(),
            mailboxes=self.imap.mailboxes,
            courier=self.courier,
            relays=[relay.name for relay in self.relays],
            troubles=self.watch.troubles,
            kept=self.watch.kept,
            rounds=self._rounds,
        )

    def reload(self) -> bool:
        """Read people, rules and templates again. A broken file leaves everything as it was and tells the admin."""
        try:
            config = configuration.load(self.config.path)
            policy = configuration.policy(config)
            configuration.must_pass(config, policy)
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


def _handed_over() -> dict[str, list[socket.socket]]:
    try:
        sockets = systemd.sockets(os.environ)
        unknown = ", ".join(sorted(set(sockets) - set(SOCKETS)))
        if unknown:
            raise ValueError(f"FileDescriptorName={unknown}: a door is one of {', '.join(SOCKETS)}")
    except (ValueError, OSError) as error:
        raise NotReady(f"sockets were handed over that cannot be used: {error}") from None
    return sockets


def _sent(row: OutboxRow) -> SentLetter:
    letter = row.letter
    return SentLetter(outbox_id=row.outbox_id, ticket=row.number or 0, template=letter.template, to=letter.to.email)


def _manners(config: Config) -> Manners:
    outbound = config.outbound
    return Manners(
        retry_for=outbound.retry_for,
        per_domain_connections=outbound.per_domain_connections,
        per_domain_per_minute=outbound.per_domain_per_minute,
    )


def template_directories(own: Path) -> list[Path]:
    """The admin's own templates, then the shipped ones, file by file: an upgrade can add a letter."""
    return [own, TEMPLATES]


def sender_check(config: Config, onward: Callable[[Envelope, bytes], Future[Receipt]]) -> SenderCheck | None:
    """What looks at senders at the door; None where nothing does. NotReady where no name server can be asked."""
    if not config.authentication.check:
        return None
    from maild.edges import auth, auth_dns  # noqa: PLC0415 - most desks are installed without what these need

    try:
        lookup = auth_dns.resolver()
    except OSError as error:
        raise NotReady(f"[authentication] check: {error}") from None
    return auth.SenderCheck(onward, config.smtp.hostname.lower(), lookup, config.authentication.relays, LOOKING)
