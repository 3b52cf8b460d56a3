"""Commands about who takes part in a ticket: #accept, #cc, #drop, #requester.

It refuses to know whether the agent must be asked first: what is high risk says so (risk).
"""

from __future__ import annotations

import re
from dataclasses import replace

from maild.core.commands import Command
from maild.core.decide.work import Work
from maild.core.identity import fold
from maild.core.matching import is_ours
from maild.core.model import Entry, Person, Publish, SamePerson, SetField
from maild.core.names import nearest
from maild.core.participants import MOST_COLLABORATORS, departing, is_plain, organisation_of, participants, taking

_IN_ANGLES = re.compile(r"<([^<>]*)>\s*$")
SAME = "same"


def accept(work: Work, command: Command) -> None:
    """`#accept`, `#accept ADDRESS`, `#accept same`, `#accept same ADDRESS`."""
    first, _, rest = command.value.partition(" ")
    same = first.lower() == SAME
    written = rest if same else command.value
    if not written and not work.around.inside:
        work.mistake(command, "nobody who does not take part has written here; name an address", "#accept ADDRESS")
        return
    people = list(dict.fromkeys(one.author for one in work.around.inside))
    if not written and len(people) > 1:  # another may have written while the agent did
        work.mistake(command, f"several wrote here: {', '.join(people[:5])}", f"{command.line} {people[0]}")
        return
    email = _address(work, command, written or people[0])
    if not email:
        return
    said = next((one for one in work.around.inside if one.author == email), None)
    if same:
        _accept_same(work, command, email, said)
    elif email in participants(work.draft.ticket):
        _publish(work, said, asking=True)
    elif _joins(work, command, "accept" if said else "cc", email):
        _publish(work, said)


def cc(work: Work, command: Command) -> None:
    """Put somebody on: they get every later answer."""
    if email := _address(work, command, command.value):
        _joins(work, command, "cc", email)


def drop(work: Work, command: Command) -> None:
    """Take somebody off, whether they take part or are only on copy."""
    ticket, email = work.draft.ticket, fold(command.value)
    named = [*ticket.collaborators, *ticket.copied]
    if email == fold(ticket.requester.email):
        work.mistake(command, f"{email} is the requester", "#requester ADDRESS")
    elif email not in named:
        near = nearest(email, named)
        work.mistake(command, f"“{command.value}” does not take part", f"#drop {near[0]}" if near else "")
    else:
        _become(work, email, joins=False)


def requester(work: Work, command: Command) -> None:
    """Another person's ticket from now on; who it was before gets nothing more."""
    ticket = work.draft.ticket
    email, old = _address(work, command, command.value), fold(ticket.requester.email)
    if not email or email == old:
        return
    work.risk("requester", who=email, ticket=_reference(work), old=old)
    work.draft.changes.append(SetField("requester", old, email, work.agent.key))
    after = departing(departing(ticket, email), old)
    work.draft.keep(
        requester=Person(0, email),
        collaborators=after.collaborators,
        copied=after.copied,
        departed=tuple(one for one in after.departed if one != email),
        # The thread in their mailbox begins anew: they have none of the letters of the one before.
        last_message_id="",
        references=(),
    )
    work.draft.set("organisation", organisation_of(email, work.policy), work.agent.key)


def _accept_same(work: Work, command: Command, email: str, said: Entry | None) -> None:
    ticket = work.draft.ticket
    if email == fold(ticket.requester.email):
        _publish(work, said, asking=True)
        return
    if not ticket.requester.id:
        work.mistake(command, "not in the same mail as #requester")
        return
    work.risk("same", who=email, requester=ticket.requester.email)
    work.draft.changes.append(SamePerson(email, ticket.requester))
    if email in (*ticket.collaborators, *ticket.copied):
        without = departing(ticket, email)
        work.draft.set("collaborators", without.collaborators, work.agent.key)
        work.draft.keep(copied=without.copied)
    work.draft.event("same", work.agent.key, f"{email} is another address of the requester", {"email": email})
    _publish(work, said)


def _joins(work: Work, command: Command, which: str, email: str) -> bool:
    """Somebody takes part from now on; False where they do already, or cannot."""
    ticket = work.draft.ticket
    if email in participants(ticket):
        return False
    if len(ticket.collaborators) >= MOST_COLLABORATORS:
        work.mistake(command, f"more than {MOST_COLLABORATORS} cannot take part; #drop somebody first")
        return False
    work.risk(which, who=email, ticket=_reference(work))
    _become(work, email, joins=True)
    return True


def _become(work: Work, email: str, *, joins: bool) -> None:
    after = (taking if joins else departing)(work.draft.ticket, email)
    if not work.draft.set("collaborators", after.collaborators, work.agent.key):
        work.draft.event("copied", work.agent.key, f"{email} is no longer on copy", {"email": email})
    work.draft.keep(copied=after.copied, departed=after.departed)


def _publish(work: Work, said: Entry | None, *, asking: bool = False) -> None:
    """What somebody said inside may be seen by all; `asking`: where nothing else of the command is asked about."""
    if said is not None:
        if asking:
            work.risk("publish", who=said.author, ticket=_reference(work))
        work.draft.changes.append(Publish(said.id))
        work.around = replace(work.around, inside=tuple(one for one in work.around.inside if one.id != said.id))


def _address(work: Work, command: Command, written: str) -> str:
    """The folded address that is meant, "" with the mistake noted where it can be nobody's."""
    found = _IN_ANGLES.search(written)
    email = fold(found[1] if found else written)
    if not is_plain(email):
        work.mistake(command, f"“{email}” is no address", f"#{command.word} lena@customer.example")
    elif is_ours(email, work.policy):
        work.mistake(command, f"{email} is an address of this desk")
    elif email in work.policy.by_email:
        agent = work.policy.agents[work.policy.by_email[email]]
        work.mistake(command, f"{agent.name} is an agent", f"#watch {agent.key}")
    else:
        return email
    return ""


def _reference(work: Work) -> str:
    return f"{work.policy.tag}-{work.draft.ticket.number}"
