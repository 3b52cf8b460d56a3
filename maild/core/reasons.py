"""Why a letter did not arrive, in words a person understands, from what a mail server said.

The codes are those of RFC 3463 and the registry it began; where a server gives none that says
something, its own words are looked at. It also says whether the address itself is dead, so that
nothing automatic need be sent there: the mailbox or its domain does not exist. A full mailbox,
a refusal as spam and everything that may pass say nothing about the address. It refuses to know
which letter it was; `core.decide.on_report` asks.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST = 2_000  # characters of what a server said that are looked at


class Reason(NamedTuple):
    words: str  # a clause without a full stop; "" where nothing is understood
    dead: bool = False


NO_MAILBOX = "there is no such mailbox"
FULL = "the mailbox is full"
TOO_LARGE = "the message is too large for their mail system"
REFUSED = "their mail system refused it as spam, or by a rule of its own"

# Subject and detail of an enhanced status code; what the class adds is only whether it lasts.
_DETAILS = {
    "1.1": NO_MAILBOX,
    "1.2": "there is no such mail domain",
    "1.3": "the address is not written as addresses are",
    "1.4": "the address means more than one mailbox",
    "1.6": "the mailbox has moved, and nobody said where to",
    "1.7": "their mail system does not accept the address it came from",
    "1.8": "their mail system does not accept the address it came from",
    "1.10": "the domain takes no mail at all",
    "2.1": "the mailbox is switched off",
    "2.2": FULL,
    "2.3": TOO_LARGE,
    "3.1": "their mail system is full",
    "3.2": "their mail system takes no mail at present",
    "3.4": TOO_LARGE,
    "4.1": "their mail server does not answer",
    "4.2": "the connection to their mail server broke",
    "4.3": "their mail server could not be found",
    "4.4": "their mail server could not be found",
    "4.6": "it went round in circles between mail servers",
    "4.7": "it could not be delivered in time",
    "6.7": "their mail system cannot handle addresses with letters beyond ASCII",
}
_SUBJECTS = {
    "1": "their mail system does not accept the address",
    "2": "the mailbox takes no mail",
    "3": "their mail system could not take it",
    "4": "their mail server could not be reached",
    "5": "the mail servers did not understand each other",
    "6": "their mail system cannot handle what the message is made of",
    "7": REFUSED,
}
_DEAD = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})  # RFC 3463 section 3.2, RFC 7505 section 4.1

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.-])([45])\d\d(?=[ -]|\Z)")
# Some servers say 5.1.1 of whatever they do not like. Said of a sender or a host, no mailbox is meant.
_AS_SPAM = re.compile(
    r"\bspam|black ?list|block ?list|blocked (?:by|using|due)|\brbl\b|reputation|\bdmarc\b|\bspf\b|\bdkim\b|\bvirus|"
    r"sender (?:address )?(?:rejected|denied|blocked)|your (?:ip|server|domain|host)\b|rate ?limit|too many|greylist",
    re.IGNORECASE,
)
_BY_RULE = re.compile(r"polic(?:y|ies)|not (?:allowed|permitted|authori[sz]ed)|access denied|relay", re.IGNORECASE)
_FULL = re.compile(r"quota|mailbox (?:is )?full|full mailbox|storage (?:limit|exceeded|full)|no space", re.IGNORECASE)
_TOO_LARGE = re.compile(r"too (?:large|big)|(?:size|length) (?:limit|exceed)|exceeds? .{0,40}\bsize", re.IGNORECASE)
_NO_MAILBOX = re.compile(
    r"(?:unknown|invalid|no such|non-?existent|nonexisting) (?:local )?(?:user|recipient|mailbox|address|account|"
    r"person|part|local part)|"
    r"(?:user|recipient|mailbox|address|account|alias)(?: address)?(?: is| was)? (?:unknown|not found|invalid|"
    r"non-?existent|rejected: (?:user )?unknown)|"
    r"(?:user|recipient|mailbox|address|account|who you tried to reach).{0,60}(?:does not|doesn'?t|doesn\u2019t) exist|"
    r"no mailbox (?:here )?by that name|not a (?:valid|known) (?:user|recipient|mailbox|address)|"
    r"unrouteable address|mailbox unavailable or does not exist",
    re.IGNORECASE,
)
_NO_HOST = re.compile(r"(?:host|domain)(?: name)?(?: was)? not found|nxdomain|no such (?:host|domain)", re.IGNORECASE)


def reason(said: str, status: str = "") -> Reason:
    """What `said` means, the server's words with whatever codes are in them; `status` where a report has it apart."""
    said = said[:MOST]
    codes = [found.groups() for found in (*_STATUS.finditer(status), *_STATUS.finditer(said)) if found[1] in "45"]
    telling = next((code for code in codes if code[1] in _DETAILS), codes[0] if codes else None)
    found_reply = _REPLY.search(said)
    final = telling[0] == "5" if telling else found_reply is not None and found_reply[1] == "5"
    detail = telling[1] if telling else ""
    if detail in _DEAD:
        if _FULL.search(said):
            return Reason(FULL)
        return Reason(REFUSED) if _AS_SPAM.search(said) else Reason(_DETAILS[detail], dead=final)
    return Reason(_DETAILS[detail]) if detail in _DETAILS else _by_words(said, detail, final=final)


def _by_words(said: str, detail: str, *, final: bool) -> Reason:
    """Where the code says little, "5.0.0" or "550" alone. A refusal of the letter outweighs what is said of users."""
    if detail.startswith("7.") or _AS_SPAM.search(said):
        return Reason(REFUSED)
    for pattern, words in ((_FULL, FULL), (_TOO_LARGE, TOO_LARGE), (_NO_HOST, _DETAILS["4.4"])):
        if pattern.search(said):
            return Reason(words)
    if _NO_MAILBOX.search(said):
        return Reason(NO_MAILBOX, dead=final)
    return Reason(REFUSED if _BY_RULE.search(said) else _SUBJECTS.get(detail.partition(".")[0], ""))
