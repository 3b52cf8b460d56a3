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
    thread: bool = False  # the courier must bring the thread: to be told, or to quote from it
    ledger: bool = False  # the courier must bring what the ledger says of the thread's letters
    history: bool = False  # what was said before is quoted below the words
    outside: bool = False  # for people who are not agents: in their language


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
    "left_out": "files of the same letter that do not, because together they are too large",
    "history": "what was said before, newest first, each with author, at, and text with its marks of quotation",
}

_CLOSED = Key("whether the ticket is closed for good (an answer then begins a new one)", False)
_AUTHOR = Key("the colleague's name", "John Miller")
_THIRD = Key("the address of the writer where it is not the requester, else empty", "lena@customer.example")

_COLLABORATOR = Key("the address of the writer where it is a collaborator, else empty", "carl@customer.example")

CATALOGUE: Mapping[str, Form] = {
    # ------------------------------------------------------------ to requesters
    "acknowledgement": Form("to the requester: the letter has arrived", outside=True),
    "refused": Form(
        "to a sender whose letter was not taken; it repeats nothing they wrote",
        {
            "why": Key("banned, file, stranger, limit or rule", "file"),
            "what": Key(
                "of ours: the pattern of forbidden files, the most open tickets, a rule's text; may be empty", "*.exe"
            ),
        },
        ticket=Has.NEVER,
        outside=True,
    ),
    "response": Form("to the requester: an agent's answer", entry=Has.ALWAYS, thread=True, history=True, outside=True),
    "closure": Form(
        "to the requester: solved, with or without the solution, and how to reopen",
        {"solution": Key("whether the entry is the solution", True), "closed": _CLOSED},
        entry=Has.SOMETIMES,
        thread=True,
        history=True,
        outside=True,
    ),
    "stopped": Form("to somebody who took part and said stop: no further mail", outside=True),
    "further-files": Form(
        "to the requester: files of an answer that were too large to go along with it",
        {"part": Key("which of these letters it is", 2), "parts": Key("how many there are", 3)},
        outside=True,
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
    "requester-reply": Form(
        "to those responsible: somebody answered",
        {"third_party": _THIRD, "collaborator": _COLLABORATOR},
        entry=Has.ALWAYS,
    ),
    "reopened": Form(
        "to those responsible: an answer opened a solved ticket again",
        {"third_party": _THIRD, "collaborator": _COLLABORATOR},
        entry=Has.ALWAYS,
    ),
    "merged": Form(
        "to those responsible and those of the other ticket: it was merged into this one",
        {
            "author": _AUTHOR,
            "other": Key("the ticket that is closed now", "BANK-1041"),
            "subject": Key("what that one was called", "Cannot sign in"),
            "from_": Key("whose it was", "carl@customer.example"),
        },
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
    "automatic": Form(
        "to those responsible and their team: somebody on the ticket looks like a machine and is kept inside",
        {
            "who": Key("the address", "orders@machine.example"),
            "why": Key("what gave it away", "3 letters with the same words within an hour"),
        },
    ),
    "repeated": Form("to an agent: words said twice already were kept inside and have not gone", {}),
    "flood": Form(
        "to those responsible: so many more letters came, in one",
        {
            "count": Key("how many since the last such alert", 37),
            "who": Key("who wrote the latest", "orders@machine.example"),
        },
    ),
    "undelivered": Form(
        "to whoever wrote an answer that did not arrive; of other letters to those responsible",
        {
            "to": Key("the address it went to", "karen@customer.example"),
            "what": Key("the template of that letter", "response"),
            "reason": Key("why, in words, empty if nobody knows", "there is no such mailbox"),
            "diagnostic": Key("what the other side said, empty if nothing", "550 5.1.1 no such user"),
            "dead": Key("whether the address gets nothing automatic any more", True),
            "reopened": Key("whether the ticket is open again, because nobody has read what ended it", True),
            "others": Key("other addresses of the person", ["karen@home.example"]),
            "reached": Key("who else got the same answer", ["lena@customer.example"]),
            "words": Key("the answer that did not arrive, empty if it was another letter", "Please sign in again."),
        },
    ),
    "delayed": Form(
        "to whoever wrote an answer: it is late, and still tried",
        {
            "to": Key("the address it goes to", "karen@customer.example"),
            "reason": Key("why, in words, empty if nobody knows", "their mail server does not answer"),
            "diagnostic": Key("what the other side said, empty if nothing", "4.4.1 connection timed out"),
        },
    ),
    "dead-address": Form(
        "to whoever has just answered: mail to that address has come back before",
        {
            "to": Key("the address the answer goes to", "karen@customer.example"),
            "since": Key("when mail to it first came back", "2026-11-21T15:30:00+00:00", instant=True),
            "reason": Key("why, in words", "there is no such mailbox"),
            "others": Key("other addresses of the person", ["karen@home.example"]),
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
    "why": Form(
        "to the agent: how the ticket came to be as it is, from what was recorded",
        {
            "story": Key(
                "each step: stamp, head, lines (what explains it)",
                [
                    {
                        "stamp": "2026-11-21 16:30",
                        "head": "Opened by a letter to support@bank.example; rules: outage",
                        "lines": ["priority: emergency (by the rule “outage”)", "team: Support (from its help topic)"],
                    }
                ],
            )
        },
        thread=True,
        ledger=True,
    ),
    "show": Form("to the agent: the state of the ticket"),
    "files": Form(
        "to the agent: files of the ticket",
        {"part": Key("which of these letters it is", 2), "parts": Key("how many there are", 3)},
    ),
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
    "confirm": Form(
        "to the agent's registered address: a letter with a high-risk command waits until they answer this one",
        {
            "reference": Key("the ticket it is about", "BANK-1042"),
            "first": Key("the first line of the letter held back", "#accept"),
            "mail_id": Key("its number in the mail ledger", 4711),
            "does": Key(
                "what would happen, one sentence each",
                ["lena@customer.example takes part in BANK-1042 and gets every later answer."],
            ),
            "vouched": Key("whether the sender's domain vouches for the letter, as far as anybody looked", True),
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
    "wrong-tokens": Form(
        "to the admin: many letters came with tokens that are not ours; at most once an hour",
        {
            "count": Key("how many wrong tokens", 21),
            "since": Key("when the first of them came", "2026-11-21T15:30:00+00:00", instant=True),
            "peers": Key("who handed them over, each with how many, those with the most first", ["192.0.2.7 (21)"]),
            "senders": Key("the same by the address in From", ["evil@customer.example (21)"]),
        },
        ticket=Has.NEVER,
    ),
    "trouble": Form(
        "to the admin: what has been wrong for a while, and what is well again; at most once an hour",
        {
            "new": Key(
                "each: name, what, lasted (in words)",
                [{"name": "relay smtp.bank.example:25", "what": "Connection refused", "lasted": "16 min 2 s"}],
            ),
            "still": Key(
                "the same of those that were told before and last; may be empty",
                [{"name": "disk", "what": "80 MB are free", "lasted": "2 d 3 h"}],
            ),
            "over": Key(
                "the same of those that are over; may be empty",
                [{"name": "certificate", "what": "cert.pem: cannot be read", "lasted": "1 h 4 min"}],
            ),
        },
        ticket=Has.NEVER,
    ),
    "quarantine-list": Form(
        "to the admin, once a day: letters held back",
        {
            "letters": Key(
                "each: id (number in the mail ledger), when, sender, subject, reason",
                [{"id": 318, "when": "2026-11-21 16:30", "sender": "x@y", "subject": "Win", "reason": "spam"}],
            ),
            "more": Key("how many older ones are not shown", 3),
            "answerable": Key("whether answering it does anything", True),
        },
        ticket=Has.NEVER,
    ),
    "quarantine-answer": Form(
        "to the admin: what an answer to such a list did",
        {
            "done": Key("each: line, what", [{"line": "release 318", "what": "letter 318 is worked now"}]),
            "mistakes": Key(
                "each: line, why, meant (may be empty)",
                [{"line": "relase 5", "why": "this is nothing I can do", "meant": "release 3"}],
            ),
            "forms": Key("what may be written", ["release 3", "ban 4"]),
            "answerable": Key("whether answering it does anything", True),
        },
        ticket=Has.NEVER,
    ),
    "complaint": Form(
        "to the admin, once for each address: somebody called a letter of ours spam",
        {
            "to": Key("the address that letter went to", "karen@customer.example"),
            "what": Key("its template", "acknowledgement"),
            "reference": Key("the ticket it was about, empty if none", "BANK-1042"),
            "suppressed": Key("whether the address gets nothing automatic any more", True),
        },
        ticket=Has.NEVER,
    ),
    "reload-failed": Form(
        "to the admin: changed rules, templates or configuration were not taken over",
        {"errors": Key("what is wrong, one a line as file:line: key: what", "rules/10-bank.toml:3: when: missing")},
        ticket=Has.NEVER,
    ),
}
