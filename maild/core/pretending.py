"""Names that pretend: what is suspicious about a sender as people see it.

Mail clients show the display name and hide the address, so that is where a forger writes. What
is found is told to agents, in sentences; nothing is decided by it. A name in any one script
never warns, nor one that puts words of different scripts side by side: only what no honest
name has. Called where a letter becomes an entry (core.decide.received); it refuses to know
whether the sender is who they say (core.identity, core.authentication).
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, name, normalize

from maild.core.model import Kind, Message
from maild.core.policy import Policy

MOST_CHARACTERS = 500  # of a name that is looked at
MOST_WARNINGS = 5

_ADDRESS = re.compile(r"[^\s<>()\"'“”‘’«»,;:@]{1,64}@[^\s<>()\"'“”‘’«»,;:@]{1,60}\.[^\s<>()\"'“”‘’«»,;:@.]{2,20}")
# Scripts whose letters are taken for each other's (Unicode TR 39). One word never mixes them; Japanese, Chinese
# and Korean do mix with Latin, and their letters are taken for nobody else's.
_LOOK_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
# Cyrillic letters that look like Latin ones, all lower case: a word of nothing else reads as a Latin word.
_LATIN_TWINS = frozenset("аеорсухіјѕһԁԛԝӏ")
_NEVER_SEEN = re.compile("[\u00ad\u034f\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0\U000e0000-\U000e007f]")
_TURNED = re.compile("[\u202d\u202e]")  # overrides: letters are shown in another order than they are written
# Joiners and marks of direction: right in scripts that join letters or run from the right, nowhere else.
_DIRECTING = re.compile("[\u200c-\u200f\u061c\u202a-\u202c\u2066-\u2069]")
_NAMES_NO_MAN = ("noreply", "no-reply")


def warnings(message: Message, policy: Policy) -> tuple[str, ...]:
    """Each reason to look twice, in words for an agent, who reads "Careful:" before it; () nearly always."""
    sender = message.sender
    if sender is None:
        return ()
    display = sender.name[:MOST_CHARACTERS]
    found = [
        _hidden(display) or _hidden(sender.email),
        _another_address(display, sender.email),
        _mixed(display, sender.email),
        _ours(display, sender.email, policy),
        _elsewhere(message, sender.email),
    ]
    return tuple(one for one in found if one)[:MOST_WARNINGS]


def _another_address(display: str, email: str) -> str:
    """An address inside the name that is not the sender's."""
    for found in _ADDRESS.findall(normalize("NFKC", display)):
        if found.casefold() != email.casefold():
            return f"The name holds another address, {found}. The letter is from {email}."
    return ""


def _hidden(text: str) -> str:
    """Characters that nobody sees, or that change the order in which others are seen."""
    if text.isascii():
        return ""
    if _TURNED.search(text):
        return "The sender’s name or address holds characters that turn the order of reading."
    if _NEVER_SEEN.search(text) or (_DIRECTING.search(text) and not any(_from_afar(each) for each in text)):
        return "The sender’s name or address holds characters that cannot be seen."
    return ""


def _from_afar(letter: str) -> bool:
    """Neither ASCII nor of a script that runs from the left and joins nothing; symbols may join, too."""
    kind = category(letter)
    return kind == "So" or (kind[0] == "L" and _script(letter) not in _LOOK_ALIKE)


def _mixed(display: str, email: str) -> str:
    """One word in letters of several scripts that look alike; in a domain also a whole label of such letters."""
    for word in re.findall(r"[^\W\d_]{2,}", normalize("NFKC", display)):
        if len(_scripts(word)) > 1:
            return (
                f"The name mixes letters of different alphabets that look alike ({_said(_scripts(word))} in “{word}”)."
            )
    local, _, domain = email.rpartition("@")
    *labels, top = [_shown(label) for label in domain.casefold().split(".")]
    for part in (local, *labels):
        if len(scripts := _scripts(normalize("NFKC", part))) > 1:
            return f"The address {email} mixes letters of different alphabets that look alike ({_said(scripts)})."
    if top.isascii() and any(label and set(label) <= _LATIN_TWINS for label in labels):
        return f"The domain of {email} is written in Cyrillic letters that look like Latin ones."
    return ""


def _shown(label: str) -> str:
    """A label of a domain as mail clients show it (RFC 5890)."""
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label


@lru_cache(maxsize=2048)
def _script(letter: str) -> str:
    return name(letter, "").partition(" ")[0]


def _scripts(word: str) -> tuple[str, ...]:
    """The scripts of a word among those that look alike; nearly every word is plain and known at once."""
    if word.isascii():
        return ()
    found = (_script(letter) for letter in word if category(letter)[0] == "L")
    return tuple(script for script in dict.fromkeys(found) if script in _LOOK_ALIKE)


def _said(scripts: tuple[str, ...]) -> str:
    return " and ".join(script.capitalize() for script in scripts)


def _ours(display: str, email: str, policy: Policy) -> str:
    """A colleague's name, or the desk's, on an address of another domain. One word alone names nobody in particular."""
    words = _words(display)
    address = email.lower()
    if len(words) < 2 or address in policy.by_email:
        return ""
    domain = address.rpartition("@")[2]
    ours = {each.email.rpartition("@")[2] for each in policy.addresses}
    for agent in policy.agents.values():
        if words == _words(agent.name) and domain not in {agent.email.lower().rpartition("@")[2], *ours}:
            return f"This is the name of your colleague {agent.name}, but not the address: the letter is from {email}."
    if domain not in ours and words in [
        _words(each) for each in (policy.name, *(one.name for one in policy.addresses))
    ]:
        return f"This is the name of this desk, but not its address: the letter is from {email}."
    return ""


@lru_cache(maxsize=1024)  # every letter is compared with the names of all colleagues
def _words(text: str) -> list[str]:
    """The words of a name in any order and any writing of them: look-alikes, accents and marks do not tell apart."""
    plain = normalize("NFKD", text).casefold().translate(_AS_LATIN)
    return sorted(re.findall(r"[^\W_]+", "".join(each for each in plain if category(each) not in ("Mn", "Cf"))))


_AS_LATIN = str.maketrans("аеорсухіјѕһԁԛԝӏвкмнтіαεορτυχικνηβμ", "aeopcyxijshdqwlbkmhtiaeoptuxiknhbm")


def _elsewhere(message: Message, email: str) -> str:
    """A person's letter that asks for answers at another domain; lists and programs do so with good reason."""
    if message.kind is not Kind.HUMAN or email.casefold().startswith(_NAMES_NO_MAN):
        return ""
    home = _organisation(email)
    for other in message.reply_to[:10]:
        if _organisation(other.email) != home:
            return f"Answers are asked for at another domain, {other.email}. The letter is from {email}."
    return ""


def _organisation(email: str) -> str:
    """Roughly what somebody has registered: two labels, or three where the second is as short as in co.uk."""
    labels = email.casefold().rpartition("@")[2].split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else labels[-2:])
