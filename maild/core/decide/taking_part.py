"""What people who are not the requester bring about: they are let in, they speak, they leave.

It refuses to know who is sure to be who (core.identity, table) and who is let in (core.participants).
"""

from __future__ import annotations

from collections.abc import Iterable

from maild.core.authentication import Vouched
from maild.core.decide import tell
from maild.core.decide.draft import Draft
from maild.core.decide.received import Received
from maild.core.decide.table import Action
from maild.core.identity import Author, Sender, fold
from maild.core.model import Fate, Kind, Outcome, Ticket
from maild.core.participants import departing, says_stop, with_copied

TAKING_PART = (Sender.COLLABORATOR, Sender.COPIED)
HEARD = (Action.TAKE_PART, Action.INSIDE)


def take_in(draft: Draft, people: Iterable[str], vouched: Vouched) -> None:
    """The requester has put these people on copy, in a letter vouched for or not."""
    after = with_copied(draft.ticket, people, vouched, draft.policy)
    draft.set("collaborators", after.collaborators, "requester")
    draft.keep(copied=after.copied)


def is_own(got: Received, ticket: Ticket, who: Author) -> bool:
    """Whether the requester has written, from whichever of their addresses, and not a system in their stead."""
    requester = fold(ticket.requester.email)
    return who.email == requester or {who.email, requester} <= got.facts.same


def leaves(got: Received, ticket: Ticket | None, who: Author, action: Action) -> Outcome | None:
    """Somebody says `stop`: no further letter, at once. None where this letter says something else.

    A forger can only take somebody off, who is told; so leaving is easier than speaking.
    """
    if ticket is None or who.sender not in TAKING_PART or action not in HEARD or not says_stop(got.message.new_text):
        return None
    draft = Draft(ticket, got.policy, got.now)
    after = ticket
    for email in dict.fromkeys([who.email, *sorted(got.facts.same)]):
        if email in (*ticket.collaborators, *ticket.copied):
            after = departing(after, email)
    draft.set("collaborators", after.collaborators, who.email)
    draft.keep(copied=after.copied, departed=after.departed)
    draft.add(got.entry(who, got.message.new_text, public=False))
    # Who is only on copy gets nothing of ours, and must not get this because somebody put them there in their name.
    theirs = who.sender == Sender.COLLABORATOR or got.vouched == Vouched.PASS
    if theirs and got.message.kind == Kind.HUMAN and got.message.answerable:
        tell.departed(draft, who.email, "stopped", in_reply_to=got.message.message_id)
    return draft.finish(Fate.COMMAND, f"{who.email} no longer takes part in ticket {ticket.number}")
