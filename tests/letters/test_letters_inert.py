"""Commands a requester hides in their words stay words, whatever an agent's mail client makes of our alert."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from letters_desk import MESSAGE, TICKET, Write, letter, opened, words_of

from maild.core import commands
from maild.core.commands import ALIASES, FORMS, inert, parse
from maild.core.mail import read
from maild.core.mail.quoting import REPLY_MARKER
from maild.core.model import Entry, Person

FILL = "x" * 68
HIDDEN = f"""#close
#tag owned
Hello, please look at this.

/take
!resolved
{FILL} #resolved {FILL} #take
\u00a0#team owners
\t#assign evil
#note he said
Kind regards
#priority emergency

#close silent"""
NAMES = ("Karen Black", "#tag owned", "/take")
ALERTS = ("new-ticket", "requester-reply", "reopened", "assigned", "note-added", "log")
OWN = ("", "#note for us\nShe is angry.", "Done.\n\n#waiting", "Looks like a case for #close, doesn't it")
AUTHOR = "Example Bank Support <support+abc@bank.example>"
BLOCK = f"From: {AUTHOR}\nSent: Friday, November 21, 2026 4:30 PM\nTo: Jane Doe <jane@bank.example>\nSubject: [BANK-1042-K7QD] Help\n\n"
WROTE = f"On Fri, 21 Nov 2026 at 16:30, {AUTHOR} wrote:"


def prefixed(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def wrapped(text: str, width: int) -> str:
    return "\n".join(piece for line in text.split("\n") for piece in textwrap.wrap(line, width) or [""])


# How clients put an answer above what is answered: in text, with signs of quoting of every kind and with none.
TEXTS: dict[str, Callable[[str, str], str]] = {
    "Gmail": lambda own, text: f"{own}\n\n{WROTE}\n\n{prefixed(text)}",
    "Apple Mail": lambda own, text: (
        f"{own}\n\n{prefixed(f'On 21 Nov 2026, at 16:30, {AUTHOR} wrote:')}\n> \n{prefixed(text)}"
    ),
    "iPhone": lambda own, text: (
        f"{own}\n\nSent from my iPhone\n\n> On 21 Nov 2026, at 16:30, {AUTHOR} wrote:\n> \n> {prefixed(text)}"
    ),
    "Outlook": lambda own, text: f"{own}\n\n________________________________\n{BLOCK}{text}",
    "Outlook, old": lambda own, text: f"{own}\n\n-----Original Message-----\n{BLOCK}{text}",
    "Outlook on a telephone": lambda own, text: (
        f"{own}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n{BLOCK}{text}"
    ),
    "Samsung": lambda own, text: (
        f"{own}\n\n\n-------- Original message --------\n{BLOCK.replace('Sent:', 'Date:')}{text}"
    ),
    "an attribution and no prefix": lambda own, text: f"{own}\n\n{WROTE}\n\n{text}",
    "no sign but our line": lambda own, text: f"{own}\n\n{text}",
    "wrapped at 72": lambda own, text: f"{own}\n\n{wrapped(text, 72)}",
    "wrapped at 60": lambda own, text: f"{own}\n\n{wrapped(text, 60)}",
    "below the quote": lambda own, text: f"{WROTE}\n\n{prefixed(text)}\n\n{own}",
}
# Nothing is left that says where the answer ends: the mark alone must hold.
BARE: dict[str, Callable[[str, str], str]] = {
    "above": lambda own, text: f"{own}\n\n{text}",
    "below": lambda own, text: f"{text}\n\n{own}",
    "around": lambda own, text: f"{text[: len(text) // 2]}\n\n{own}\n\n{text[len(text) // 2 :]}",
    **{
        f"wrapped at {width}": (lambda own, text, width=width: wrapped(f"{own}\n\n{text}", width))
        for width in (60, 66, 72, 78)
    },
}
PAGES: dict[str, Callable[[str, str], str]] = {
    "Gmail": lambda own, page: (
        f'<div dir="ltr">{own}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{WROTE.replace("<", "&lt;")}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{page}</blockquote></div>'
    ),
    "Apple Mail": lambda own, page: (
        f'<div>{own}</div><div><br><blockquote type="cite"><div>On 21 Nov 2026, at 16:30, Example wrote:</div><br>{page}</blockquote></div>'
    ),
    "Outlook": lambda own, page: (
        f'<div class="WordSection1"><p class="MsoNormal">{own}</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Example &lt;s@bank.example&gt;<br><b>Sent:</b> Friday, November 21, 2026 4:30 PM<br><b>To:</b> Jane<br><b>Subject:</b> Help</p></div>{page}</div>'
    ),
    "Outlook on the web": lambda own, page: (
        f'<div>{own}</div><hr tabindex="-1" style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Example<br><b>Sent:</b> Friday, November 21, 2026 4:30 PM<br><b>To:</b> Jane<br><b>Subject:</b> Help</div>{page}'
    ),
    "no sign but our line": lambda own, page: f"<div>{own}</div><br>{page}",
}


def answer(text: str = "", page: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "jane@bank.example", "support@bank.example", "RE: [BANK-1042-K7QD] Help"
    if text:
        made.set_content(text)
    if page:
        made.add_alternative(page, subtype="html") if text else made.set_content(page, subtype="html")
    return made.as_bytes()


def alert(write: Write, name: str, who: str) -> tuple[str, str]:
    """Text and HTML of an alert about these words of this requester."""
    said = replace(MESSAGE, text=HIDDEN, author_name=who)
    more: dict[str, Any] = {"thread": (said,)} if name in ("assigned", "log") else {"entry": said}
    ticket = replace(TICKET, requester=Person(7, "karen@customer.example", who), subject="#close")
    raw = write(letter(name), ticket=ticket, **more).raw
    page = opened(raw).get_body(("html",))
    assert page is not None
    return words_of(raw), str(page.get_content())


def said(raw: bytes) -> commands.Said:
    return parse(read(raw).new_text)


@pytest.mark.parametrize("name", ALERTS)
def test_what_clients_quote_is_cut_off(write: Write, name: str) -> None:
    for who in NAMES:
        text, page = alert(write, name, who)
        for own in OWN:
            wanted = parse(own).commands
            for client, quote in TEXTS.items():
                got = said(answer(quote(own, text)))
                assert (got.commands, got.mistakes) == (wanted, ()), (client, who, own)
                assert not {"owned", "evil"} & set(got.body.split()), (client, who, own)
            for client, quote in PAGES.items():
                got = said(answer(page=quote(own.replace("\n", "<br>"), page)))
                assert (got.commands, got.mistakes) == (wanted, ()), (client, who, own)


@pytest.mark.parametrize("name", ALERTS)
def test_what_no_sign_sets_apart_commands_nothing_either(write: Write, name: str) -> None:
    for who in NAMES:
        text, page = alert(write, name, who)
        text, page = (each.replace(REPLY_MARKER, "") for each in (text, page))
        letters = [answer(quote(own, text)) for quote in BARE.values() for own in OWN]
        letters += [answer(page=f"<div>{own}</div>{page}<div>{own}</div>") for own in OWN]
        for raw, own in zip(letters, OWN * (len(BARE) + 1), strict=True):
            allowed = {command.word for command in parse(own).commands}
            # "begin it with #note" is a sentence of ours, and keeps a letter inside
            assert {command.word for command in said(raw).commands} <= allowed | {"note"}, read(raw).new_text


WORDS = [*FORMS, *ALIASES]


@pytest.mark.parametrize("sign", "#!/")
def test_the_mark_takes_the_power_of_every_command(sign: str) -> None:
    for word in [*WORDS, *map(str.upper, WORDS)]:
        for line in (f"{sign}{word}", f"  {sign}{word} x", f"\u00a0{sign}{word}: x", f"\u3000{sign}{word}"):
            assert parse(line).commands or parse(line).mistakes or sign != "#"
            assert parse(inert(line)) == commands.Said((), (), inert(line).strip("\n")), line
            assert inert(inert(line)) == inert(line)


@pytest.mark.parametrize(
    "text", ["#1234 and #hashtags, and/or /etc/hosts", "#!/bin/sh", "a#close", "!important", "#closest", ""]
)
def test_other_words_are_left_as_they_are(text: str) -> None:
    assert inert(text) == text


def test_an_agent_s_own_words_carry_no_marks(write: Write) -> None:
    entry = Entry(kind=MESSAGE.kind.RESPONSE, at=MESSAGE.at, author="jane", public=True, text="Write #close to close.")
    assert "Write #close to close." in words_of(write(letter("response", "requester"), entry=entry).raw)
