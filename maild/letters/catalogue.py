"""Every letter there is, and what its template may speak of.

The one table `load` checks templates against and whoever decides to send a letter looks
into: the keys of `Letter.context` that template needs, whether it is about a ticket,
whether words of somebody go along (`Outgoing.entry`) and whether it tells the whole story
(`Outgoing.thread`). Beside its own keys a template always has the names in EVERYWHERE.
It refuses to know how a letter looks: templates/<name>.txt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Has(Enum):
    """Whether a letter comes with something."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a letter's context: what it means, and a value to try a template with.

    `instant`: an ISO 8601 text that the template sees in words, in the ticket's time zone.
    """

    meaning: str
    sample: Any
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What one letter is made of."""

    use: str
    context: Mapping[str, Key] = field(default_factory=dict)
    ticket: Has = Has.ALWAYS
    entry: Has = Has.NEVER
    thread: bool = False


EVERYWHERE = {
    "ticket": "the ticket, or none: see cards.TicketView",
    "entry": "the words the letter carries, or none: see cards.EntryView",
    "thread": "the ticket's thread, oldest first, where the letter tells the story",
    "omitted": "how many older lines of it were left out because it is too long",
    "desk": "our side: desk.name, desk.address, desk.tag",
    "recipient": "who gets the letter: recipient.name, recipient.email",
    "reply": 'what an answer to it does: "requester", "inside" or ""',
    "marker": "the line above which people answer",
    "attachments": "files that go along, each with name and size in words",
}

_CLOSED = Key("whether the ticket is closed for good (an answer then begins a new one)", False)
_AUTHOR = Key("the colleague's name", "John Miller")
_THIRD = Key("the address of the writer where it is not the requester, else empty", "lena@customer.example")

CATALOGUE: Mapping[str, Form] = {
    # ------------------------------------------------------------ to requesters
    "acknowledgement": Form("to the requester: the letter has arrived"),
    "response": Form("to the requester: an agent's answer", entry=Has.ALWAYS),
    "closure": Form(
        "to the requester: solved, with or without the solution, and how to reopen",
        {"solution": Key("whether the entry is the solution", True), "closed": _CLOSED},
        entry=Has.SOMETIMES,
    ),
    # ------------------------------------------------------------ to agents: what happened
    "new-ticket": Form(
        "to those responsible: a new ticket",
        {"linked": Key("earlier tickets it continues or mentions, empty if none", "BANK-1001")},
        entry=Has.ALWAYS,
    ),
    "assigned": Form(
        "to the agent or the members of the team a ticket was handed to",
        {
            "by": Key("who handed it over; empty: a copy of its letter came to an address of theirs", "John Miller"),
            "to_team": Key("whether the whole team got it, nobody in particular", True),
        },
        entry=Has.SOMETIMES,
        thread=True,
    ),
    "requester-reply": Form("to those responsible: somebody answered", {"third_party": _THIRD}, entry=Has.ALWAYS),
    "reopened": Form(
        "to those responsible: an answer opened a solved ticket again", {"third_party": _THIRD}, entry=Has.ALWAYS
    ),
    "note-added": Form("to those working on it: an internal note", {"author": _AUTHOR}, entry=Has.ALWAYS),
    "activity": Form(
        "to watchers and the agent: what a colleague did",
        {"author": _AUTHOR, "what": Key("answered, resolved or closed", "resolved")},
        entry=Has.SOMETIMES,
    ),
    "breach": Form(
        "to those responsible and the team lead: a promise was not kept",
        {
            "what": Key("which promise: first response, resolution", "first response"),
            "due": Key("when it should have been kept", "2026-11-21T15:30:00+00:00", instant=True),
        },
    ),
    "undelivered": Form(
        "to those responsible: a letter of ours did not arrive",
        {
            "to": Key("the address it went to", "karen@customer.example"),
            "what": Key("the template of that letter", "response"),
            "diagnostic": Key("what the other side said, empty if nothing", "5.1.1 no such user"),
        },
    ),
    # ------------------------------------------------------------ to agents: answers to what they sent
    "command-error": Form(
        "to the agent: nothing was done, and what was probably meant",
        {
            "mistakes": Key(
                "the lines at fault: line, why, meant (the nearest valid form, may be empty)",
                [{"line": "#priorty high", "why": "there is no command #priorty", "meant": "#priority NAME"}],
            ),
            "text": Key("the agent's own words, to be sent again", "#priorty high\nPlease try again."),
        },
    ),
    "transcript": Form(
        "to the agent: what the commands changed",
        {
            "changes": Key(
                "each change: field, old, new, as people call them", [{"field": "sla", "old": "A", "new": "B"}]
            )
        },
    ),
    "log": Form("to the agent: the whole trail", thread=True),
    "show": Form("to the agent: the state of the ticket"),
    "help": Form(
        "to the agent: the commands",
        {"commands": Key("pairs of a command's form and its meaning", [["#take", "the ticket is yours"]])},
    ),
    "challenge": Form(
        "to the agent's registered address: a letter in their name is held until they answer this one",
        {
            "reference": Key("the ticket it speaks of, empty if none", "BANK-1042"),
            "first": Key("the first line of the letter held back", "#close"),
            "mail_id": Key("its number in the mail ledger", 4711),
        },
        ticket=Has.NEVER,
    ),
    "unproven": Form(
        "to an agent's registered address: a letter in their name, or to their reply address, came without proof",
        {
            "sender": Key("the address it claims to come from, may be empty", "john@bank.example"),
            "reference": Key("the ticket it speaks of, empty if none", "BANK-1042"),
            "theirs": Key("whether it came to their reply address from somebody else", False),
        },
        ticket=Has.NEVER,
    ),
    # ------------------------------------------------------------ to the admin
    "poison": Form(
        "to the admin: a letter could not be worked and is in quarantine",
        {
            "mail_id": Key("its number in the mail ledger", 4711),
            "error": Key("the last line of the traceback", "ValueError: bad digit"),
        },
        ticket=Has.NEVER,
    ),
    "reload-failed": Form(
        "to the admin: changed rules, templates or configuration were not taken over",
        {"errors": Key("what is wrong, one a line as file:line: key: what", "rules/10-bank.toml:3: when: missing")},
        ticket=Has.NEVER,
    ),
}
