"""The corridor every letter walks: accept, then read, recall, decide, record.

Doors hand envelopes to `accept`; the worker thread calls `work`; the clock wakes `tick`; the
shell uses `command`. It refuses to know protocols (edges), how anything is judged (core) and
how anything is kept (store). Its broad `except`s are the promise of the corridor: a letter
that breaks a step is tried again, set aside after three tries, and the rest flows on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from maild.core import commands, decide, matching
from maild.core.evidence import Evidence, gather
from maild.core.mail import fingerprint, read
from maild.core.model import (
    Address,
    Clues,
    Envelope,
    Facts,
    Lane,
    Letter,
    Message,
    Outcome,
    Receipt,
    SendLetter,
    SentLetter,
    Ticket,
)
from maild.core.policy import Policy
from maild.desk_held import tell_held
from maild.keeping import keep
from maild.store import Claimed, Stale, Store, Unavailable
from maild.wrong_tokens import WrongTokens

log = logging.getLogger("maild.desk")

BATCH = 100  # letters claimed at once: one commit for all, and few enough to lose little on a crash
TRIES = 3  # then a letter is poison
LEASE = timedelta(minutes=5)  # after which another worker may take over a claimed letter
RETRY_WALKS = 3  # how often a ticket may move under us before we give the letter back
ASIDE = timedelta(hours=1)  # how far an impossible ticket's clock is pushed; one bad row must not stop the loop


@dataclass(frozen=True, slots=True)
class Read:
    """A claimed letter that has been read."""

    claimed: Claimed
    message: Message
    evidence: Evidence
    clues: Clues


class Desk:
    """Accepts, works, ticks and obeys. `policy` may be replaced at any moment; each walk uses one."""

    def __init__(self, store: Store, policy: Policy, clock: Callable[[], datetime], worker: str = "desk") -> None:
        self.store = store
        self.policy = policy
        self._clock = clock
        self._worker = worker
        self._wrong = WrongTokens()
        self._list_after = datetime.min.replace(tzinfo=UTC)  # after a failure it is not tried at every tick
        self._in_hand: list[Claimed] = []  # claimed when the store went away, and not done with

    # ----------------------------------------------------------------- accept

    def accept(self, envelope: Envelope, results: bytes = b"") -> Future[Receipt]:
        """Keep the raw letter. The receipt comes only after the commit that holds it.

        Fields that only we may write are taken out first, whoever sent them; `results` is such a field
        that we did write, about this very letter.
        """
        return keep(self.store, envelope, self.policy.authentication.own, results)

    # ----------------------------------------------------------------- work

    def work(self) -> bool:
        """Work one batch of waiting letters; True when there may be more.

        Raises Unavailable when the store is away; what is in hand then is worked first when it is back.
        """
        policy, now = self.policy, self._clock()
        # Letters left by a full disk are not claimed again: that would count as a try, and they are no poison.
        todo, self._in_hand = self._in_hand or self.store.claim(BATCH, now, LEASE, self._worker), []
        more = len(todo) > 0
        try:
            letters = [letter for one in todo if (letter := self._read(one, policy, now)) is not None]
            todo = [letter.claimed for letter in letters]
            for group in _apart(letters):
                self._walk(group, policy, now)
                del todo[: len(group)]
        except Unavailable:
            self._in_hand = todo
            raise
        return more

    def _read(self, claimed: Claimed, policy: Policy, now: datetime) -> Read | None:
        if claimed.attempts > TRIES:  # it died in our hands three times, taking the program along
            self._quarantine(claimed.mail_id, "the program died while working on it", now)
            return None
        try:
            message = read(claimed.envelope.raw)
            evidence = gather(message, claimed.envelope, policy, now)
            clues = matching.clues(message, claimed.envelope, policy, now, evidence)
            return Read(claimed, message, evidence, clues)
        except Exception:  # noqa: BLE001 - whatever it is, the letter waits and the rest flows
            self._failed(claimed, now)
            return None

    def _walk(self, group: Sequence[Read], policy: Policy, now: datetime) -> None:
        """Recall, decide and record a group of letters in one transaction, or one by one if that fails."""
        try:
            for _ in range(RETRY_WALKS):
                facts = self.store.recall([(one.claimed.mail_id, one.clues) for one in group], now)
                worked = [(one, self._decide(one, fact, policy, now)) for one, fact in zip(group, facts, strict=True)]
                outcomes = [(one.claimed.mail_id, outcome) for one, outcome in worked if outcome is not None]
                try:
                    numbers = self.store.record(outcomes, now)
                except Stale:
                    continue
                _log_fates(outcomes, numbers)
                self._watch(worked)
                return
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - one letter spoils a group; alone it shows itself
            if len(group) == 1:
                self._failed(group[0].claimed, now)
                return
        if len(group) == 1:
            self.store.failed(group[0].claimed.mail_id, "the ticket kept changing", now, quarantine=False)
            return
        for one in group:
            self._walk([one], policy, now)

    def _decide(self, one: Read, facts: Facts, policy: Policy, now: datetime) -> Outcome | None:
        try:
            return decide.on_message(one.message, one.claimed.envelope, facts, policy, now, one.evidence)
        except Exception:  # noqa: BLE001 - as in _read
            self._failed(one.claimed, now)
            return None

    def _failed(self, claimed: Claimed, now: datetime) -> None:
        error = traceback.format_exc(limit=20)
        log.error("msg=%d attempt=%d failed:\n%s", claimed.mail_id, claimed.attempts, error)
        if claimed.attempts >= TRIES:
            self._quarantine(claimed.mail_id, error, now)
        else:
            self.store.failed(claimed.mail_id, error, now, quarantine=False)

    def _quarantine(self, mail_id: int, error: str, now: datetime) -> None:
        """Set a letter aside for a human and tell the admin, once for each letter.

        Told first: a crash in between tells twice, the other way round nobody would ever be told.
        """
        log.error("msg=%d quarantined; `maild requeue %d` works it again", mail_id, mail_id)
        last = error.strip().splitlines()[-1] if error.strip() else "unknown"
        self.tell_admin("poison", {"mail_id": mail_id, "error": last[:500]})
        self.store.failed(mail_id, error, now, quarantine=True)

    def _watch(self, worked: Sequence[tuple[Read, Outcome | None]]) -> None:
        """Tell the admin when wrong tokens come in great numbers."""
        for one, outcome in worked:
            if outcome is None or not outcome.wrong:
                continue
            envelope, sender = one.claimed.envelope, one.clues.sender[:100]
            burst = self._wrong.came(outcome.wrong, envelope.peer, sender, envelope.received_at)
            if burst is not None:
                log.warning("%d wrong tokens in a minute", burst.count)
                context = {
                    "count": burst.count,
                    "since": burst.since.isoformat(),
                    "peers": [f"{who} ({count})" for who, count in burst.peers],
                    "senders": [f"{who} ({count})" for who, count in burst.senders],
                }
                self.tell_admin("wrong-tokens", context)

    def tell_admin(self, template: str, context: dict[str, object]) -> None:
        """An automatic letter to the admin, about no ticket."""
        letter = Letter(
            template=template,
            to=Address(self.policy.admin),
            lane=Lane.ALERT,
            automatic="auto-generated",
            from_address=self.policy.addresses[0].email,
            context=context,
        )
        self.store.record([(None, Outcome(changes=(SendLetter(letter),)))], self._clock())

    # ----------------------------------------------------------------- time, shell, courier

    def tick(self) -> bool:
        """Do what is due; True when there may be more."""
        policy, now = self.policy, self._clock()
        tickets = self.store.due(now, BATCH)
        for ticket in tickets:
            try:
                outcome = decide.on_time(ticket, policy, now)
                self.store.record([(None, outcome)], now)
                if outcome.changes:
                    log.info("ticket=%d clock: %s", ticket.number, outcome.reason)
            except Stale:
                continue  # it moved; if it is still due, the next tick sees the truth
            except Unavailable:
                raise
            except Exception:
                log.exception("ticket=%d its clock failed; looked at again in %s", ticket.number, ASIDE)
                self.store.push(ticket.number, now + ASIDE)
        self._tell_held(policy, now)
        return len(tickets) == BATCH

    def _tell_held(self, policy: Policy, now: datetime) -> None:
        if now < self._list_after:
            return
        try:
            tell_held(self.store, policy, now)
        except Unavailable:
            raise
        except Exception:
            log.exception("the list of letters held back failed; tried again in %s", ASIDE)
            self._list_after = now + ASIDE

    def command(self, number: int, text: str, agent_key: str) -> Outcome:
        """Do what an agent says from the shell, exactly as from a letter. Raises LookupError with the reason."""
        policy, now = self.policy, self._clock()
        agent = policy.agents.get(agent_key)
        if agent is None:
            raise LookupError(f"there is no agent {agent_key!r}")
        clues = Clues(numbers=(number, *commands.named_tickets(text, policy)), accepts=commands.accepts(text))
        for _ in range(RETRY_WALKS):
            facts = self.store.recall([(0, clues)], now)[0]
            ticket = facts.tickets.get(number)
            if ticket is None:
                raise LookupError(f"there is no ticket {number}")
            around = decide.Surroundings(facts.tickets, facts.inside.get(number, ()), facts.dead, facts.others)
            outcome = decide.on_command(ticket, text, agent, policy, now, around=around)
            if decide.refused(outcome):  # whoever is at the shell reads why there; no mail about it
                return outcome
            try:
                self.store.record([(None, outcome)], now)
            except Stale:
                continue
            return outcome
        raise LookupError(f"ticket {number} keeps changing; try again")

    def undelivered(self, sent: SentLetter, diagnostic: str) -> None:
        """The courier gave up on a letter: what a report about it would mean."""
        now, clues = self._clock(), Clues(outbox_ids=(sent.outbox_id,), reports=True)
        for _ in range(RETRY_WALKS):
            facts = self.store.recall([(0, clues)], now)[0]
            outcome = decide.undelivered(facts, diagnostic, self.policy, now)
            try:
                self.store.record([(None, outcome)], now)
            except Stale:
                continue
            log.error("outbox=%d is dead: %s", sent.outbox_id, outcome.reason)
            return
        raise LookupError(f"ticket {sent.ticket} keeps changing")

    def sent_twice(self, sent: SentLetter) -> None:
        """A crash left open whether a person's words had left, so the courier sent them again: the thread says so."""
        now = self._clock()
        self._told(sent, lambda ticket: decide.sent_twice(ticket, sent, self.policy, now), now)

    def _told(self, sent: SentLetter, decided: Callable[[Ticket], Outcome], now: datetime) -> bool:
        """Record what a letter's way means for its ticket; False where it has none."""
        for _ in range(RETRY_WALKS):
            ticket = self.store.ticket(sent.ticket) if sent.ticket else None
            if ticket is None:
                return False
            try:
                self.store.record([(None, decided(ticket))], now)
            except Stale:
                continue
            return True
        return True

    def reset_clocks(self) -> int:
        """Give every open ticket the due time the present policy promises; how many moved."""
        return self.store.reset_due(lambda ticket: decide.next_due(ticket, self.policy))


def explain(
    raw: bytes, envelope: Envelope, store: Store, policy: Policy, now: datetime, mail_id: int = 0
) -> tuple[Message, Clues, Facts, Outcome]:
    """The whole walk of a letter with nothing recorded; `mail_id` where it is a stored one."""
    message = read(raw)
    clues = matching.clues(message, envelope, policy, now)
    key, _ = fingerprint(raw, envelope.rcpts)
    facts = replace(store.recall([(mail_id, clues)], now)[0], key=key)
    return message, clues, facts, decide.on_message(message, envelope, facts, policy, now)


def _apart(letters: Sequence[Read]) -> Iterator[list[Read]]:
    """Runs of letters that cannot touch one another, so that one recall holds for all of a run.

    Two letters of one sender, about one ticket, one agent, or naming each other's ids are judged
    one after the other, in the order they came.
    """
    group: list[Read] = []
    seen: set[str | int] = set()
    for one in letters:
        clues = one.clues
        keys: set[str | int] = {clues.message_id, clues.sender, *clues.referenced, *clues.names, *clues.numbers}
        keys.update(f"outbox:{n}" for n in clues.outbox_ids)
        keys.update(f"told:{address}" for address in clues.told)
        keys.discard("")
        if group and not seen.isdisjoint(keys):
            yield group
            group, seen = [], set()
        group.append(one)
        seen |= keys
    if group:
        yield group


def _log_fates(outcomes: Sequence[tuple[int | None, Outcome]], numbers: Sequence[int | None]) -> None:
    if log.isEnabledFor(logging.INFO):
        for (mail_id, outcome), number in zip(outcomes, numbers, strict=True):
            log.info("msg=%s ticket=%s fate=%s %s", mail_id, number or "-", outcome.fate, outcome.reason)
