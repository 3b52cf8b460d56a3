"""Letters of the past join their conversations; nobody is answered, and no promise begins in the past."""

from __future__ import annotations

from datetime import timedelta

import pytest

from maild.core import decide
from maild.core.decide import IMPORT
from maild.core.model import (
    AddEntry,
    Address,
    EntryKind,
    Envelope,
    Facts,
    Fate,
    Kind,
    Known,
    Message,
    SendLetter,
    Status,
)

KAREN, SUPPORT, JOHN = "karen@customer.example", "support@bank.example", "john@bank.example"


def imported(judge, sender, *, to=SUPPORT, age, facts=None, **more):
    message = Message(
        **{
            "message_id": "m1@customer.example",
            "sender": Address(sender, "Somebody"),
            "from_": (Address(sender, "Somebody"),),
            "to": (Address(to),),
            "subject": "Card is blocked",
            "text": "It does not work",
            "new_text": "It does not work",
            "date": judge.now - timedelta(days=age),
        }
        | more
    )
    envelope = Envelope(raw=b"", mail_from=sender, rcpts=(SUPPORT,), received_at=judge.now, door=IMPORT)
    return decide.on_message(message, envelope, facts or Facts(mail_id=5, key="k:1"), judge.policy, judge.now)


def entry_of(outcome):
    return [c.entry for c in outcome.changes if isinstance(c, AddEntry)][-1]


@pytest.mark.parametrize(("age", "status"), [(400, Status.CLOSED), (15, Status.CLOSED), (13, Status.OPEN)])
def test_an_old_conversation_is_kept_closed_and_a_recent_one_goes_on(judge, age, status):
    outcome = imported(judge, KAREN, age=age)
    ticket = outcome.after
    assert outcome.fate == Fate.TICKET
    assert (ticket.status, ticket.requester.email) == (status, KAREN)
    assert ticket.created_at == judge.now - timedelta(days=age) == entry_of(outcome).at
    assert not any(isinstance(c, SendLetter) for c in outcome.changes)
    if status == Status.CLOSED:
        assert (ticket.closing, ticket.next_due) == ("import", None)
    else:
        assert ticket.next_due > judge.now, "its promises begin now"


def test_an_answer_of_ours_joins_as_an_answer(judge):
    ticket = judge.ticket(status=Status.CLOSED, closing="import")
    facts = Facts(mail_id=6, known={"m1@customer.example": (Known(ticket=1042, mail_id=5),)}, tickets={1042: ticket})
    outcome = imported(judge, JOHN, to=KAREN, age=100, facts=facts, in_reply_to=("m1@customer.example",))
    entry = entry_of(outcome)
    assert (outcome.fate, entry.kind, entry.author, entry.public) == (Fate.REPLY, EntryKind.RESPONSE, "john", True)
    assert outcome.after.status == Status.CLOSED
    assert not any(isinstance(c, SendLetter) for c in outcome.changes)


def test_a_conversation_we_began_is_with_whom_we_wrote_to(judge):
    assert imported(judge, SUPPORT, to=KAREN, age=100).after.requester.email == KAREN


def test_a_live_ticket_closed_here_stays_closed(judge):
    ticket = judge.ticket(status=Status.CLOSED, closing="")
    facts = Facts(mail_id=6, known={"m1@customer.example": (Known(ticket=1042, mail_id=5),)}, tickets={1042: ticket})
    outcome = imported(judge, KAREN, age=1, facts=facts, references=("m1@customer.example",))
    assert (outcome.fate, outcome.after.status) == (Fate.REPLY, Status.CLOSED)


@pytest.mark.parametrize(
    "more",
    [
        {"kind": Kind.BOUNCE},
        {"kind": Kind.AUTOMATIC, "in_reply_to": ("unknown@x",)},
        {"from_": (), "to": (Address(JOHN),)},
    ],
)
def test_what_is_no_conversation_is_filed(judge, more):
    sender = JOHN if "from_" in more else KAREN
    outcome = imported(judge, sender, age=100, **more)
    assert (outcome.fate, outcome.changes) == (Fate.FILED, ())


def test_a_date_in_the_future_or_before_mail_is_not_believed(judge):
    for age in (-300, 20_000):
        assert imported(judge, KAREN, age=age).after.created_at == judge.now
