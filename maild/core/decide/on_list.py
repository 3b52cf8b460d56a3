"""The list of letters held back, and what the admin answers to it.

The list goes out once a day and only when there is something new; its reply address obeys the
admin's own mailbox, vouched for, and nobody else. Each line of an answer is done for itself, and
what came of it is told. It refuses to know how letters are found (desk) and how lines are read
(core.held).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maild.core import authentication, held, senders
from maild.core.authentication import Vouched
from maild.core.decide.received import Received
from maild.core.identity import fold
from maild.core.mail import read
from maild.core.model import (
    Address,
    Change,
    Fate,
    Held,
    Kind,
    Lane,
    Letter,
    Once,
    Outcome,
    Purpose,
    Release,
    SendLetter,
    Stand,
    Standing,
)
from maild.core.policy import Policy
from maild.core.tokens import Token

LISTED = "quarantine-list"
ANSWERED = "quarantine-answer"
MOST_PUZZLED = 3  # answers in a day to letters in which nothing was understood: a machine may sit there


@dataclass(frozen=True, slots=True)
class Line:
    """A letter held back, as the list shows it: its number in the ledger and what a person needs to know."""

    mail_id: int
    received_at: datetime
    sender: str
    subject: str
    reason: str


# --------------------------------------------------------------------- the list


def due_since(policy: Policy, now: datetime) -> datetime | None:
    """The latest moment at which a list was to be made, None where no list is wanted."""
    at, zone = policy.held_list.at, policy.held_list.zone
    if at is None:
        return None
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at, zone)
    return today if today <= local else datetime.combine(local.date() - timedelta(days=1), at, zone)


def the_list(lines: Sequence[Line], more: int, due: datetime, policy: Policy, now: datetime) -> Outcome:
    """What is told of these letters, newest last; nothing where there are none. `more`: others, not shown.

    Recorded once for each day, whichever process comes first and whatever crashes.
    """
    changes: list[Change] = [Once(LISTED, int(now.timestamp()), below=int(due.timestamp()))]
    if lines:
        zone = policy.held_list.zone
        rows = [
            {
                "id": line.mail_id,
                "when": f"{line.received_at.astimezone(zone):%Y-%m-%d %H:%M}",
                "sender": held.inert(line.sender) or "no sender",
                "subject": held.inert(line.subject) or "no subject",
                "reason": held.inert(line.reason),
            }
            for line in lines
        ]
        changes.append(SendLetter(_to_admin(policy, LISTED, {"letters": rows, "more": more})))
    return Outcome(changes=tuple(changes), reason=f"{len(lines)} letters held back")


def _to_admin(policy: Policy, template: str, context: dict[str, object]) -> Letter:
    return Letter(
        template=template,
        to=Address(policy.admin),
        lane=Lane.ANSWER if template == ANSWERED else Lane.ALERT,
        purpose=Purpose.ADMIN if policy.separator else None,
        automatic="auto-generated",
        from_address=policy.addresses[0].email,
        context={**context, "answerable": bool(policy.separator)},
    )


# --------------------------------------------------------------------- the answer


@dataclass(slots=True)
class _Work:
    """An answer being carried out."""

    policy: Policy
    letters: dict[int, Held]
    changes: list[Change] = field(default_factory=list)
    done: list[dict[str, str]] = field(default_factory=list)
    mistakes: list[dict[str, str]] = field(default_factory=list)


def on_list(got: Received, tokens: Sequence[Token]) -> Outcome | None:
    """What an answer to a list does; None where the letter is none."""
    token = next((each for each in tokens if each.purpose == Purpose.ADMIN), None)
    if token is None:
        return None
    message, policy = got.message, got.policy
    if message.kind == Kind.AUTOMATIC:
        return Outcome(fate=Fate.FILED, reason=f"an automatic answer to a list: {message.kind_reason}")
    if why := _not_the_admin(got, token):
        return Outcome(fate=Fate.QUARANTINED, reason=f"an answer to a list of letters held back, but {why}")
    work = _Work(policy, dict(got.facts.held))
    for wish in held.wishes(message.new_text):
        _grant(work, wish)
    told = got.facts.told.get(fold(policy.admin), {}).get(ANSWERED, 0)
    if not work.done and told >= MOST_PUZZLED:
        return Outcome(fate=Fate.FILED, reason=f"nothing in it was understood, and {told} answers said so today")
    context = {"done": work.done, "mistakes": work.mistakes, "forms": list(held.FORMS.values())}
    changes = (*work.changes, SendLetter(_to_admin(policy, ANSWERED, context)))
    said = "; ".join(f"{one['line']}: {one['what']}" for one in work.done) or "nothing in it was understood"
    return Outcome(changes=changes, fate=Fate.COMMAND, reason=f"an answer of the admin: {said}"[:1000])


def _not_the_admin(got: Received, token: Token) -> str:
    """Why this is not the admin speaking, "" if it is."""
    sender = fold(got.message.sender.email) if got.message.sender else ""
    if sender != fold(got.policy.admin):
        return f"it claims to be from {sender or 'nobody'}"
    if token.expired:
        return "the list is too old"
    if got.envelope.confirmed:
        return ""
    vouched = authentication.vouched(got.message, got.policy.authentication)
    return "" if vouched in (Vouched.PASS, Vouched.UNKNOWN) else "the admin’s domain does not vouch for it"


def _grant(work: _Work, wish: held.Wish) -> None:
    if not wish.verb:
        work.mistakes.append({"line": wish.line, "why": "this is nothing I can do", "meant": wish.meant})
    for number in wish.numbers:
        letter = work.letters.get(number)
        why = _impossible(letter)
        if letter is None or why:
            work.mistakes.append({"line": wish.line, "why": f"letter {number} {why}", "meant": ""})
        elif wish.verb == "release":
            _release(work, wish, number)
        else:
            _stand(work, wish, number, letter)


def _impossible(letter: Held | None) -> str:
    if letter is None:
        return "is not in the ledger"
    if letter.ticket is not None or letter.fate not in (Fate.QUARANTINED, Fate.REFUSED):
        return f"is not held back ({letter.fate or 'it waits'})"
    return ""


def _release(work: _Work, wish: held.Wish, number: int) -> None:
    work.changes.append(Release(number))
    work.done.append({"line": wish.line, "what": f"letter {number} is worked now"})


def _stand(work: _Work, wish: held.Wish, number: int, letter: Held) -> None:
    author = read(letter.head).sender
    sender = fold(author.email) if author else ""
    try:
        pattern = senders.pattern(sender)
    except ValueError:
        work.mistakes.append({"line": wish.line, "why": f"letter {number} names no sender", "meant": ""})
        return
    if wish.verb == "ban":
        if sender in work.policy.by_email or sender == fold(work.policy.admin):
            work.mistakes.append({"line": wish.line, "why": f"{sender} is one of us", "meant": ""})
            return
        work.changes.append(Stand(pattern, Standing.BAN, work.policy.admin))
        work.done.append({"line": wish.line, "what": f"letters of {sender} are refused from now on"})
    else:
        work.changes += [Stand(pattern, Standing.ACCEPT, work.policy.admin), Release(number)]
        work.done.append({"line": wish.line, "what": f"letter {number} is worked now, and {sender} always accepted"})
