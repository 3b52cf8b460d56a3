"""Delivery reports that are data instead of words: the JSON that Amazon SES sends through SNS.

It refuses to parse JSON: the few names that matter are looked for as they stand, because
the text is wrapped, quoted once more or cut by everything on its way. Called by `bounce`.
"""

from __future__ import annotations

import re

from maild.core.model import BouncedRecipient

MAX_NOTICE = 200_000  # characters; a notice with the headers of the letter has about 5 000
MAX_NAMED = 200  # recipients taken from one notice

_TYPE = re.compile(r'"(?:notificationType|eventType)"\s{0,9}:\s{0,9}"(Bounce|Complaint)"')
_PERMANENT = re.compile(r'"bounceType"\s{0,9}:\s{0,9}"(Permanent|Transient|Undetermined)"')
_ONE = re.compile(r'\{[^{}]{0,2000}"emailAddress"\s{0,9}:\s{0,9}"([^"]{3,320})"[^{}]{0,2000}\}')
_STATUS = re.compile(r'"status"\s{0,9}:\s{0,9}"([245]\.\d{1,3}\.\d{1,3})"')
_DIAGNOSTIC = re.compile(r'"diagnosticCode"\s{0,9}:\s{0,9}"([^"]{1,1000})"')
_MESSAGE_ID = re.compile(
    r'"name"\s{0,9}:\s{0,9}"Message-I[dD]"\s{0,9},\s{0,9}"value"\s{0,9}:\s{0,9}"<([^<>"]{1,500})>"'
)


def kind(text: str) -> str:
    """ "Bounce" or "Complaint" for a notice, "" for any other text."""
    if "otificationType" not in text and "eventType" not in text:
        return ""
    found = _TYPE.search(_plain(text))
    return found[1] if found else ""


def recipients(text: str) -> list[BouncedRecipient]:
    """Whom the notice is about, in its order."""
    text = _plain(text)
    begin = text.find('"bouncedRecipients"')
    end = text.find("]", begin)
    if begin < 0 or end < 0:
        return []
    out: list[BouncedRecipient] = []
    for found in _ONE.finditer(text, begin, end):
        status, diagnostic = _STATUS.search(found[0]), _DIAGNOSTIC.search(found[0])
        out.append(
            BouncedRecipient(
                address=found[1].rpartition("<")[2].strip("> "),
                status=status[1] if status else "",
                action="failed" if '"failed"' in found[0] else "",
                diagnostic=diagnostic[1] if diagnostic else "",
            )
        )
    return out[:MAX_NAMED]


def permanent(text: str) -> bool | None:
    """Whether the notice says that trying again is pointless."""
    found = _PERMANENT.search(_plain(text))
    return None if found is None else found[1] == "Permanent"


def message_id(text: str) -> str:
    """The Message-ID the author gave the letter, where the notice repeats its header."""
    found = _MESSAGE_ID.search(_plain(text))
    return found[1] if found else ""


def _plain(text: str) -> str:
    """Without one level of quoting: SNS puts the notice as a string into another object."""
    return text[:MAX_NOTICE].replace('\\"', '"')
