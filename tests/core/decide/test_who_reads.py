"""Nobody outside {requester, collaborators at that moment} is ever sent a ticket's words, whatever happens before.

Random letters and commands are judged one after the other; who may read is kept beside them by three rules of
its own: whoever opens a ticket, a colleague on copy of the requester's own letter that is vouched for, and whom
a proven agent has let in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maild.core import decide, tokens
from maild.core.decide import Surroundings
from maild.core.model import (
    AddEntry,
    Address,
    Entry,
    EntryKind,
    Facts,
    Known,
    Outcome,
    Publish,
    Purpose,
    SendLetter,
    Ticket,
)
from maild.core.policy import Authentication, Organisation

KAREN, CARL, CLARA = "karen@customer.example", "carl@customer.example", "clara@customer.example"
EVE, MALLORY, JOHN = "eve@elsewhere.example", "mallory@evil.example", "john@bank.example"
PEOPLE = (KAREN, CARL, CLARA, EVE, MALLORY)
COLLEAGUES = {KAREN, CARL, CLARA}
STRICT = "mx.bank.example"

a_person = st.sampled_from(PEOPLE)
letters = st.fixed_dictionaries(
    {
        "who": st.sampled_from((*PEOPLE, JOHN)),
        "ticket": st.integers(0, 3),
        "way": st.sampled_from(["new", "reference", "subject", "address", "agent's address"]),
        "says": st.sampled_from(["pass", "none", "fail", "reject", ""]),
        "cc": st.lists(a_person, max_size=2),
        "text": st.sampled_from(["Hello", "stop", "#cc eve@elsewhere.example", "#accept", "thanks", "#resolved"]),
        "confirmed": st.booleans(),
    }
)
commands = st.fixed_dictionaries(
    {
        "ticket": st.integers(0, 3),
        "other": st.integers(0, 3),
        "word": st.sampled_from(
            [
                "",
                "#accept",
                "#accept {who}",
                "#cc {who}",
                "#drop {who}",
                "#requester {who}",
                "#merge {other}",
                "#reopen",
            ]
        ),
        "who": a_person,
        "words": st.sampled_from(["", "Here is what you asked for.", "#close", "#resolved"]),
    }
)


@dataclass
class World:
    """Tickets as memory would keep them, and who may read each."""

    judge: Any
    tickets: dict[int, Ticket] = field(default_factory=dict)
    inside: dict[int, list[Entry]] = field(default_factory=dict)
    readers: dict[int, set[str]] = field(default_factory=dict)
    letters: int = 0

    def number(self, wish: int) -> int:
        return 1001 + wish % len(self.tickets) if self.tickets else 0

    def keep(self, outcome: Outcome) -> None:
        """Record an outcome, and look at what it sends."""
        after = outcome.after
        if after is None:
            number = 0
        else:
            number = after.number or 1001 + len(self.tickets)
            if not after.number:
                person = replace(after.requester, id=after.requester.id or 100 + number)
                after = replace(after, number=number, requester=person)
                self.readers[number] = {after.requester.email}
            self.tickets[number] = replace(after, version=after.version + 1)
        for change in outcome.changes:
            match change:
                case AddEntry(entry) if entry.kind == EntryKind.MESSAGE and not entry.public:
                    kept = replace(entry, id=self.letters * 100 + len(self.inside.get(number, ())))
                    self.inside.setdefault(number, []).insert(0, kept)
                case Publish(entry_id):
                    self.inside[number] = [one for one in self.inside[number] if one.id != entry_id]
        for other in outcome.also:
            self.keep(other)

    def look(self, outcome: Outcome) -> None:
        agents = {agent.email for agent in self.judge.policy.agents.values()}
        number = outcome.after.number if outcome.after else 0
        for change in outcome.changes:
            if not isinstance(change, SendLetter) or change.letter.to.email in agents:
                continue
            letter = change.letter
            if letter.template in ("stopped", "refused"):
                assert not letter.about_entry
                assert letter.purpose is None
            elif not number:  # the ticket begins with this letter
                assert (letter.template, letter.to.email) == ("acknowledgement", outcome.after.requester.email)
            else:
                assert letter.to.email in self.readers[number], (letter.template, number)
                assert set(letter.shown_to) <= self.readers[number]
        for other in outcome.also:
            self.look(other)


def writes(world: World, did: dict[str, Any]) -> None:
    judge, number = world.judge, world.number(did["ticket"])
    ticket = world.tickets.get(number)
    extra: dict[str, Any] = {}
    world.letters += 1
    if ticket and did["way"] == "reference":
        extra["references"] = ("first@customer.example",)
    elif ticket and did["way"] == "subject":
        extra["subject"] = f"Re: {tokens.subject_token(judge.policy.keys, 'BANK', number)}"
    elif ticket and did["way"] == "address":
        extra["to"] = judge.address(Purpose.REQUESTER_REPLY, 7, number=number)
    elif ticket and did["way"] == "agent's address":
        extra["to"] = judge.address(Purpose.AGENT_REPLY, tokens.agent_principal("john"), number=number)
    domain = did["who"].partition("@")[2]
    said = {"reject": "fail (p=reject)"}.get(did["says"], did["says"])
    results = (f"{STRICT}; dmarc={said} header.from={domain}",) if said else ()
    facts = Facts(
        mail_id=world.letters,
        known={"first@customer.example": (Known(ticket=number, mail_id=1),)},
        tickets=dict(world.tickets),
        inside={key: tuple(kept) for key, kept in world.inside.items()},
    )
    outcome = judge.letter(
        ticket,
        did["who"],
        did["text"],
        facts=facts,
        confirmed=did["confirmed"],
        headers={"authentication-results": results},
        cc=tuple(Address(one) for one in did["cc"]),
        message_id=f"{world.letters}@somewhere.example",
        **extra,
    )
    # From here on: who may read afterwards, by the rules of this test alone.
    before = outcome.before
    strict = bool(judge.policy.authentication.trusted)
    vouched = did["confirmed"] or (did["says"] == "pass" if strict else True)
    obeyed = did["who"] == JOHN and did["confirmed"] and before is not None
    if obeyed and did["text"].startswith("#cc"):
        world.readers[before.number].add(EVE)
    if obeyed and did["text"] == "#accept":
        world.readers[before.number] |= {one.author for one in world.inside.get(before.number, ())[:1]}
    world.look(outcome)
    world.keep(outcome)
    now = before.number if before else 1000 + len(world.tickets)
    if outcome.after and outcome.after.requester.email == did["who"] and vouched and did["who"] in COLLEAGUES:
        world.readers[now] |= COLLEAGUES & set(did["cc"])
    if before and did["text"] == "stop" and "no longer takes part" in outcome.reason:
        world.readers[now].discard(did["who"])


def commands_(world: World, did: dict[str, Any]) -> None:
    number, other = world.number(did["ticket"]), world.number(did["other"])
    if not number:
        return
    ticket, judge = world.tickets[number], world.judge
    line = did["word"].format(who=did["who"], other=other)
    around = Surroundings(dict(world.tickets), tuple(world.inside.get(number, ())))
    agent = judge.policy.agents["john"]
    outcome = decide.on_command(ticket, f"{line}\n{did['words']}", agent, judge.policy, judge.now, around=around)
    if not decide.refused(outcome):
        readers = world.readers[number]
        if did["word"] in ("#accept {who}", "#cc {who}"):
            readers.add(did["who"])
        elif did["word"] == "#accept":
            readers |= {one.author for one in around.inside[:1]}
        elif did["word"] == "#drop {who}":
            readers.discard(did["who"])
        elif did["word"] == "#requester {who}":
            readers.discard(ticket.requester.email)
            readers.add(did["who"])
        elif did["word"] == "#merge {other}" and outcome.after and outcome.after.merged_into:
            world.readers[outcome.after.merged_into] |= {ticket.requester.email, *ticket.collaborators}
    world.look(outcome)
    world.keep(outcome)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(strict=st.booleans(), steps=st.lists(st.one_of(letters, commands), min_size=3, max_size=14))
def test_nobody_else_is_ever_sent_a_ticket_s_words(judge: Any, strict: bool, steps: list[dict[str, Any]]) -> None:
    judge = type(judge)()
    organisation = Organisation(key="customer", name="Customer", domains=("customer.example",))
    trusted = frozenset({STRICT} if strict else ())
    judge.policy = replace(
        judge.policy,
        organisations={"customer": organisation},
        authentication=Authentication(trusted=trusted),
        acknowledgements_per_day=1000,
    )
    world = World(judge)
    for did in steps:
        (writes if "way" in did else commands_)(world, did)
    for number, ticket in world.tickets.items():
        assert set(ticket.collaborators) <= world.readers[number]
