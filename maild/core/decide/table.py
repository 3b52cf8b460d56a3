"""Who may do what by mail: the whole table, as data.

Read a row as: a letter that points at a ticket by this claim, from this sender, whose domain
vouches for it or not, is handled so. Machines never get here; they may add a note at most.
UNKNOWN is relaxed mode: no mail exchanger is configured whose word on senders we believe.
It refuses to know how an action is carried out (on_message).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from maild.core.authentication import Vouched
from maild.core.identity import Sender
from maild.core.matching import Claim


class Action(StrEnum):
    """What is done."""

    APPEND = "append"  # the requester's own words: the ticket moves
    TAKE_PART = "take part"  # a collaborator's words: the ticket moves and stays its requester's
    INSIDE = "inside"  # kept in the thread where only agents see it; nothing moves
    OBEY = "obey"  # an agent's answer, note and commands
    CHALLENGE = "challenge"  # held until the agent answers from the registered address
    UNPROVEN = "unproven"  # held; the agents it concerns are told
    HOLD = "hold"  # quarantined for the admin; nobody is told
    OPEN = "open"  # a new ticket
    OPEN_SILENT = "open silently"  # a new ticket without acknowledgement: the address may be a victim's


_PASS, _NONE, _FAIL, _REJECT, _UNKNOWN = (
    Vouched.PASS,
    Vouched.NONE,
    Vouched.FAIL,
    Vouched.REJECT,
    Vouched.UNKNOWN,
)


def _row(passed: Action, none: Action, fail: Action, reject: Action, unknown: Action) -> dict[Vouched, Action]:
    return {_PASS: passed, _NONE: none, _FAIL: fail, _REJECT: reject, _UNKNOWN: unknown}


A = Action
TABLE: Mapping[tuple[Claim, Sender], Mapping[Vouched, Action]] = {
    # claim, sender                                 pass       none         fail         reject       unknown
    (Claim.THREAD, Sender.SAME): _row(A.APPEND, A.INSIDE, A.INSIDE, A.HOLD, A.APPEND),
    (Claim.THREAD, Sender.COLLABORATOR): _row(A.TAKE_PART, A.INSIDE, A.HOLD, A.HOLD, A.TAKE_PART),
    (Claim.THREAD, Sender.COPIED): _row(A.INSIDE, A.INSIDE, A.HOLD, A.HOLD, A.INSIDE),
    (Claim.THREAD, Sender.OTHER): _row(A.INSIDE, A.HOLD, A.HOLD, A.HOLD, A.INSIDE),
    (Claim.THREAD, Sender.AGENT): _row(A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN),
    (Claim.SUBJECT, Sender.SAME): _row(A.APPEND, A.INSIDE, A.INSIDE, A.HOLD, A.APPEND),
    (Claim.SUBJECT, Sender.COLLABORATOR): _row(A.TAKE_PART, A.INSIDE, A.OPEN_SILENT, A.OPEN_SILENT, A.TAKE_PART),
    (Claim.SUBJECT, Sender.COPIED): _row(A.INSIDE, A.INSIDE, A.OPEN_SILENT, A.OPEN_SILENT, A.INSIDE),
    (Claim.SUBJECT, Sender.OTHER): _row(A.OPEN, A.OPEN, A.OPEN_SILENT, A.OPEN_SILENT, A.OPEN),
    (Claim.SUBJECT, Sender.AGENT): _row(A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN),
    (Claim.AGENT, Sender.SAME): _row(A.OBEY, A.CHALLENGE, A.CHALLENGE, A.CHALLENGE, A.OBEY),
    (Claim.AGENT, Sender.OTHER): _row(A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN),
    (Claim.AGENT, Sender.AGENT): _row(A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN),
    (Claim.THREAD, Sender.PROVEN): _row(A.OBEY, A.OBEY, A.OBEY, A.OBEY, A.OBEY),
    (Claim.SUBJECT, Sender.PROVEN): _row(A.OBEY, A.OBEY, A.OBEY, A.OBEY, A.OBEY),
    (Claim.AGENT, Sender.PROVEN): _row(A.OBEY, A.OBEY, A.OBEY, A.OBEY, A.OBEY),
    (Claim.NOTHING, Sender.OTHER): _row(A.OPEN, A.OPEN, A.OPEN_SILENT, A.OPEN_SILENT, A.OPEN),
    (Claim.NOTHING, Sender.AGENT): _row(A.OPEN, A.UNPROVEN, A.UNPROVEN, A.UNPROVEN, A.OPEN),
    (Claim.NOTHING, Sender.PROVEN): _row(A.OPEN, A.OPEN, A.OPEN, A.OPEN, A.OPEN),
}
