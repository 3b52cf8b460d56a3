"""What an agent may say in a letter: `#word value` lines above or below the words.

It refuses to know what a command does (core.decide.on_command does) and who may say it.
Only what a person wrote themselves is ever read here, never a quotation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from maild.core.names import nearest
from maild.core.policy import Policy
from maild.core.tokens import subject_numbers

# word → what it wants, as a person would write it; "" takes nothing, "[…]" may be left out
FORMS = {
    "note": "[TEXT]",
    "take": "",
    "release": "",
    "assign": "NAME",
    "team": "NAME",
    "topic": "NAME",
    "priority": "NAME",
    "sla": "NAME",
    "tag": "WORD",
    "untag": "WORD",
    "accept": "[same] [ADDRESS]",
    "cc": "ADDRESS",
    "drop": "ADDRESS",
    "requester": "ADDRESS",
    "merge": "TICKET",
    "link": "TICKET",
    "watch": "[NAME]",
    "unwatch": "[NAME]",
    "open": "",
    "waiting": "",
    "resolved": "",
    "close": "[silent|spam|duplicate]",
    "reopen": "",
    "person": "",
    "log": "",
    "why": "",
    "show": "",
    "files": "[NAME]",
    "help": "",
}
MEANINGS = {
    "note": "keep this mail inside: the requester never sees it",
    "take": "the ticket is yours",
    "release": "give it back to the team",
    "assign": "hand it to an agent",
    "team": "hand it to another team; you keep watching",
    "topic": "change the help topic",
    "priority": "change the priority",
    "sla": "change the SLA plan",
    "tag": "add a tag",
    "untag": "remove a tag",
    "accept": "let somebody who wrote take part (same: they are the requester)",
    "cc": "let somebody take part: they get every later answer",
    "drop": "take somebody off",
    "requester": "give it to another requester",
    "merge": "this ticket is part of another: close it and go on there",
    "link": "it has to do with another ticket",
    "watch": "be told of everything (or let NAME be told)",
    "unwatch": "no longer be told",
    "open": "set the status to open",
    "waiting": "wait for the requester; the clocks stand still",
    "resolved": "solved; the requester is told once and may reopen",
    "close": "close at once; silent, spam and duplicate send nothing",
    "reopen": "open it again",
    "person": "whoever was taken for a machine here is a person",
    "log": "get the whole trail by mail",
    "why": "get by mail how the ticket came to be as it is",
    "show": "get the state of the ticket by mail",
    "files": "get the files of the ticket by mail (or those called NAME)",
    "help": "get this list by mail",
}
ALIASES = {
    "transfer": "team",
    "claim": "take",
    "resolve": "resolved",
    "solved": "resolved",
    "closed": "close",
    "status": "show",
    "wait": "waiting",
    "internal": "note",
}
# #1234 is a ticket or an order, #!/bin/sh is a script: a command begins with a letter.
_COMMAND = re.compile(r"^\s{0,8}[#!/]([A-Za-z][A-Za-z-]{1,30})(?:[ \t\u00a0:]+(.*?))?\s*$")
_TICKET = re.compile(r"\[?#?(?:([A-Za-z0-9]{1,10})-)?([1-9][0-9]{0,11})(?:-([A-Za-z2-7]{4}))?\]?", re.ASCII)
_NAMES_OTHERS = re.compile(r"^\s{0,8}[#!/](?:merge|link)[ \t\u00a0:]+([^\n]{1,80}+)$", re.IGNORECASE | re.MULTILINE)
_ACCEPTS = re.compile(r"^\s{0,8}[#!/]accept\b", re.IGNORECASE | re.MULTILINE)
# A command's word wherever a word begins: programs that wrap lines make beginnings of lines there.
_BEGINS = re.compile(rf"(?<!\S)(?=[#!/](?:{'|'.join([*FORMS, *ALIASES])})(?![A-Za-z-]))", re.IGNORECASE)
MARK = "›"
MOST_COMMANDS = 30
MOST_NAMED = 10  # tickets that the commands of one letter may name
SIGN_OFF_LINES = 5
SIGN_OFF_WIDTH = 50  # characters


@dataclass(frozen=True, slots=True)
class Command:
    """One command as written. `word` is a key of FORMS."""

    word: str
    value: str
    line: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that is no command but must have been meant as one."""

    line: str
    why: str
    meant: str  # the nearest valid form, "" if there is none


@dataclass(frozen=True, slots=True)
class Said:
    """A letter's own words, taken apart."""

    commands: tuple[Command, ...]
    mistakes: tuple[Mistake, ...]
    body: str  # what is left for people to read


def form(word: str) -> str:
    """How a command is written: "#assign NAME"."""
    return f"#{word} {FORMS[word]}".rstrip()


def inert(text: str) -> str:
    """What a stranger wrote, for an agent to read: no line of it is a command should it come back as the agent's own.

    Cutting quotations does not always help: there are clients that quote without any sign, and
    people who delete the sign. A visible mark before the word does.
    """
    return _BEGINS.sub(MARK, text)


def parse(text: str) -> Said:
    """Take the commands off the top and the bottom of a text.

    At the top every `#word` counts as a command, and an unknown one is a mistake: a typo
    in `#note` must never send a note to a customer. At the bottom unknown words are prose
    (hash tags) unless they are nearly a command; a short sign-off may stand below. A valid
    command amid the words is a mistake: it was meant, and must not leave as text.
    """
    lines = text.splitlines()
    top, commands, mistakes = _from_top(lines)
    sign_off = _sign_off(lines, top)
    end, more, wrong = _from_bottom(lines[:sign_off], top)
    if not more and not wrong:
        end, sign_off = len(lines), len(lines)
    wrong.extend(_amid(lines[top:end]))
    body = "\n".join([*lines[top:end], *lines[sign_off:]]).strip("\n")
    words = [*commands, *more]
    notes = [c.value for c in words if c.word == "note" and c.value]
    if notes:
        body = "\n".join([*notes, body]).strip("\n")
    if len(words) > MOST_COMMANDS:
        wrong.append(Mistake(words[MOST_COMMANDS].line, f"more than {MOST_COMMANDS} commands in one mail", ""))
    return Said(tuple(words), (*mistakes, *wrong), body if body.strip() else "")


def ticket_number(written: str, policy: Policy) -> int | None:
    """The number of a ticket as an agent writes it: 1042, #1042, BANK-1042 or the whole mark of a subject.

    None where it is none of these, or a mark whose check is wrong: then it is a typing error.
    """
    found = _TICKET.fullmatch(written.strip())
    if found is None or (found[1] and found[1].upper() != policy.tag.upper()):
        return None
    if found[3]:
        mark = f"[{policy.tag}-{found[2]}-{found[3]}]"
        return next(iter(subject_numbers(policy.keys, policy.tag, mark)), None)
    return int(found[2])


def named_tickets(text: str, policy: Policy) -> tuple[int, ...]:
    """The tickets that commands in this text name, so that memory is asked about them before anything is decided.

    Anybody's text is looked at, so that it costs one pass and takes whole lines only; what is a command, and whose,
    is decided later.
    """
    found = islice(_NAMES_OTHERS.finditer(text), MOST_NAMED)
    return tuple(dict.fromkeys(number for one in found if (number := ticket_number(one[1], policy))))


def accepts(text: str) -> bool:
    """Whether a command in this text speaks of somebody who wrote and did not take part."""
    return _ACCEPTS.search(text) is not None


def _from_top(lines: list[str]) -> tuple[int, list[Command], list[Mistake]]:
    commands: list[Command] = []
    mistakes: list[Mistake] = []
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        found = _COMMAND.match(line[:500])
        prefix = line.lstrip()[:1]
        if not found or (prefix in "/!" and _word(found[1]) is None):
            return at, commands, mistakes  # only # is strict: "/etc/hosts is missing" is prose
        _sort(found, line, commands, mistakes)
    return len(lines), commands, mistakes


def _sign_off(lines: list[str], top: int) -> int:
    """Where a few short lines at the end ("Kind regards / Jane") begin; they may stand below the commands."""
    at = len(lines)
    words = 0
    while at > top:
        line = lines[at - 1].strip()
        if line and (_COMMAND.match(line[:500]) or len(line) > SIGN_OFF_WIDTH or words == SIGN_OFF_LINES):
            break
        words += bool(line)
        at -= 1
    return at


def _amid(lines: list[str]) -> list[Mistake]:
    """Whole commands between the words, with a # before them; /etc and !important are prose."""
    mistakes: list[Mistake] = []
    for line in lines:
        if line.lstrip().startswith("#") and (found := _COMMAND.match(line[:500])):
            commands: list[Command] = []
            if _word(found[1]):
                _sort(found, line, commands, [])
            if commands:
                why = "a command stands above or below your words, not between them"
                mistakes.append(Mistake(line.strip()[:200], why, ""))
    return mistakes


def _from_bottom(lines: list[str], top: int) -> tuple[int, list[Command], list[Mistake]]:
    commands: list[Command] = []
    mistakes: list[Mistake] = []
    end = len(lines)
    for at in range(len(lines) - 1, top - 1, -1):
        line = lines[at]
        if not line.strip():
            continue
        found = _COMMAND.match(line[:500])
        if not found:
            break
        typo = line.lstrip().startswith("#") and nearest(found[1], FORMS, likeness=0.8)
        if _word(found[1]) is None and not typo:
            break
        _sort(found, line, commands, mistakes)
        end = at
    return end, commands[::-1], mistakes[::-1]


def _word(written: str) -> str | None:
    word = written.lower()
    word = ALIASES.get(word, word)
    return word if word in FORMS else None


def _sort(found: re.Match[str], line: str, commands: list[Command], mistakes: list[Mistake]) -> None:
    """Put one matched line where it belongs: a command, or a mistake with the form that was meant."""
    word, value = _word(found[1]), (found[2] or "").strip()
    if word is None:
        near = nearest(found[1], [*FORMS, *ALIASES])
        meant = form(ALIASES.get(near[0], near[0])) if near else ""
        mistakes.append(Mistake(line.strip()[:200], f"there is no command #{found[1]}", meant))
    elif FORMS[word] and not FORMS[word].startswith("[") and not value:
        wanted = FORMS[word].lower()
        article = "an" if wanted[0] in "aeiou" else "a"
        mistakes.append(Mistake(line.strip()[:200], f"#{word} wants {article} {wanted}", form(word)))
    elif not FORMS[word] and value:
        mistakes.append(Mistake(line.strip()[:200], f"#{word} takes nothing behind it", form(word)))
    else:
        commands.append(Command(word, value, line.strip()))
