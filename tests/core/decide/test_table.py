"""Every cell of the table of who may do what, seen on what becomes of a letter."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from maild.core import tokens
from maild.core.authentication import Vouched
from maild.core.decide.table import TABLE, Action
from maild.core.identity import Sender
from maild.core.matching import Claim
from maild.core.model import AddEntry, Facts, Fate, Known, Purpose, Release, SendLetter, SetField, Status
from maild.core.policy import Authentication

KAREN, EVE, JOHN, JANE = "karen@customer.example", "eve@elsewhere.example", "john@bank.example", "jane@bank.example"
CARL = "carl@customer.example"  # on copy of Karen's letter
COLIN = "colin@customer.example"  # takes part
STATUSES = (Status.OPEN, Status.WAITING, Status.RESOLVED, Status.CLOSED)


def field(vouched, domain):
    said = {
        Vouched.PASS: f"mx.bank.example; dmarc=pass header.from={domain}",
        Vouched.NONE: "mx.bank.example; none",
        Vouched.FAIL: f"mx.bank.example; dmarc=fail header.from={domain}",
        Vouched.REJECT: f"mx.bank.example; dmarc=fail (p=reject) header.from={domain}",
    }
    return said.get(vouched, "elsewhere.example; dmarc=pass")


def ways(judge, claim, ticket):
    """Every way to make this claim."""
    subject = f"Re: {tokens.subject_token(judge.policy.keys, 'BANK', 1042)}"
    stored = Facts(
        mail_id=5, known={"first@customer.example": (Known(ticket=1042, mail_id=2),)}, tickets={1042: ticket}
    )
    return {
        Claim.THREAD: [
            {"to": judge.address(Purpose.REQUESTER_REPLY, 7)},
            {"in_reply_to": (tokens.message_id(judge.policy, 1042, 7, 3),)},
            {"references": ("x@y", tokens.message_id(judge.policy, 1042, 7, 3), "z@y")},
            {"references": ("first@customer.example",), "facts": stored},
        ],
        Claim.SUBJECT: [{"subject": subject}, {"subject": "invoice #123 " + subject.lower()}],
        Claim.AGENT: [
            {"to": judge.agent_address("john")},
            {"to": judge.agent_address("john", Purpose.AGENT_NOTE)},
            {"to": judge.agent_address("john"), "subject": subject},
        ],
        Claim.NOTHING: [{"subject": "Hello"}, {"subject": "Re: [BANK-1042-AAAA]"}],
    }[claim]


def sender_of(claim, sender):
    if claim == Claim.AGENT:
        return {Sender.SAME: JOHN, Sender.AGENT: JANE, Sender.PROVEN: JANE, Sender.OTHER: EVE}[sender]
    people = {Sender.SAME: KAREN, Sender.COPIED: CARL, Sender.COLLABORATOR: COLIN, Sender.AGENT: JANE}
    people[Sender.PROVEN] = JANE
    return people.get(sender, EVE)


def test_the_table_is_whole():
    without_ticket = {(Claim.NOTHING, one) for one in (Sender.SAME, Sender.COPIED, Sender.COLLABORATOR)}
    no_agents = {(Claim.AGENT, Sender.COPIED), (Claim.AGENT, Sender.COLLABORATOR)}
    assert set(TABLE) == set(product(Claim, Sender)) - without_ticket - no_agents
    assert all(set(row) == set(Vouched) for row in TABLE.values())


CELLS = [
    pytest.param((claim, sender, vouched, status, way), id=f"{claim}-{sender}-{vouched}-{status}-{way}")
    for (claim, sender), row in TABLE.items()
    for vouched in row
    for status in STATUSES
    for way in range({Claim.THREAD: 4, Claim.SUBJECT: 2, Claim.AGENT: 3, Claim.NOTHING: 2}[claim])
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("text", ["It is still blocked", "#close\n#priority emergency"])
def test_a_cell(judge, cell, text):
    claim, sender, vouched, status, way = cell
    since = judge.now if status == Status.WAITING else None
    ticket = judge.ticket(status=status, copied=(CARL,), collaborators=(COLIN,), waiting_since=since)
    address = sender_of(claim, sender)
    extra = dict(ways(judge, claim, ticket)[way])
    if vouched != Vouched.UNKNOWN:
        judge.policy = replace(judge.policy, authentication=Authentication(trusted=frozenset({"mx.bank.example"})))
    headers = {"authentication-results": (field(vouched, address.partition("@")[2]),)}
    agent = "jane" if sender == Sender.PROVEN else ""
    outcome = judge.letter(ticket, address, text, headers=headers, agent=agent, **extra)
    check(TABLE[claim, sender][vouched], outcome, ticket, address)


def check(action, outcome, ticket, address):
    entries = [c.entry for c in outcome.changes if isinstance(c, AddEntry)]
    sets = {c.name for c in outcome.changes if isinstance(c, SetField)}
    outside = {c.letter.to.email for c in outcome.changes if isinstance(c, SendLetter)} - {
        "john@bank.example", "jane@bank.example", "sam@bank.example"
    }  # fmt: skip
    closed = ticket.status == Status.CLOSED
    if action in (Action.UNPROVEN, Action.HOLD, Action.CHALLENGE):
        assert (outcome.fate, entries, sets, outside) == (Fate.QUARANTINED, [], set(), set())
        assert bool(outcome.changes) == (action != Action.HOLD)
    elif action == Action.OBEY:
        assert outcome.before is ticket
        assert outside <= {ticket.requester.email, COLIN}
    elif action in (Action.APPEND, Action.TAKE_PART, Action.INSIDE) and not closed:
        assert (outcome.fate, outcome.before, outside) == (Fate.REPLY, ticket, set())
        assert [e.public for e in entries] == [action != Action.INSIDE]
        moved = action != Action.INSIDE and ticket.status in (Status.WAITING, Status.RESOLVED)
        assert sets == ({"status"} if moved else set())
        after = outcome.after
        assert (after.requester, after.collaborators) == (ticket.requester, ticket.collaborators)
        assert (after.last_message_id != ticket.last_message_id) == (action == Action.APPEND)
    else:
        assert (outcome.fate, outcome.before) == (Fate.TICKET, None)
        assert outcome.after.requester.email == address
        assert outside <= {address}
        if action in (Action.OPEN_SILENT, Action.INSIDE):
            assert outside == set()


# --------------------------------------------------------------------- challenge and release


def strict(judge):
    judge.policy = replace(judge.policy, authentication=Authentication(trusted=frozenset({"mx.bank.example"})))
    return judge


def confirm_address(judge, key, days=1):
    principal = tokens.agent_principal(key)
    expires = judge.now + tokens.CHALLENGE_LIFE * days
    return tokens.reply_address(judge.policy, "support@bank.example", Purpose.CONFIRM, 0, principal, expires, serial=5)


@pytest.mark.parametrize(
    ("sender", "key", "days", "released"),
    [
        (JOHN, "john", 1, True),
        (EVE, "john", 1, False),
        (JANE, "john", 1, False),
        (JOHN, "john", 0, False),
        (JOHN, "john", -8, False),
    ],
)
def test_only_the_challenged_agent_releases(judge, sender, key, days, released):
    outcome = strict(judge).letter(None, sender, "yes", to=confirm_address(judge, key, days))
    assert ([c for c in outcome.changes if isinstance(c, Release)] == [Release(5)]) == released


def test_a_confirmed_letter_is_obeyed(judge):
    strict(judge)
    held = judge.letter(judge.ticket(), JOHN, "#priority high", to=judge.agent_address("john"))
    assert (held.fate, [c.letter.template for c in held.changes]) == (Fate.QUARANTINED, ["challenge"])
    outcome = judge.letter(judge.ticket(), JOHN, "#priority high", to=judge.agent_address("john"), confirmed=True)
    assert outcome.after.priority == "high"


# --------------------------------------------------------------------- a password


@pytest.mark.parametrize(
    ("proven", "sender", "obeyed"),
    [("jane", JANE, True), ("jane", JOHN, False), ("jane", KAREN, False), ("", JANE, False), ("gone", JANE, False)],
)
def test_a_password_proves_the_agent_it_belongs_to_and_nobody_else(judge, proven, sender, obeyed):
    subject = f"Re: {tokens.subject_token(judge.policy.keys, 'BANK', 1042)}"
    outcome = judge.letter(judge.ticket(), sender, "#priority high", subject=subject, agent=proven)
    assert (outcome.after is not None and outcome.after.priority == "high") == obeyed


def test_an_agent_with_a_password_writes_to_their_own_ticket_as_its_requester(judge):
    strict(judge)
    ticket = judge.ticket(requester=replace(judge.ticket().requester, email=JANE))
    outcome = judge.letter(ticket, JANE, "It works again.", to=judge.address(Purpose.REQUESTER_REPLY, 7), agent="jane")
    assert (outcome.fate, [c.entry.public for c in outcome.changes if isinstance(c, AddEntry)]) == (Fate.REPLY, [True])
    assert outcome.after.last_message_id == "new@somewhere.example"


def test_answering_with_a_password_to_our_address_is_as_good_as_the_reply_address(judge):
    by_password = judge.letter(
        judge.ticket(),
        JANE,
        "Please try again.",
        in_reply_to=(tokens.message_id(judge.policy, 1042, 7, 3),),
        agent="jane",
    )
    by_address = judge.letter(judge.ticket(), JANE, "Please try again.", to=judge.agent_address("jane"))
    assert by_password.changes == by_address.changes
    assert by_password.fate == by_address.fate == Fate.REPLY
