"""Templates: compiled once, then one letter after another.

A template is templates/<name>.txt: a `Subject:` line, a blank line, the body in plain text,
in Jinja2. The subject is compiled apart from the body, so nothing anybody wrote can leave
it. Files that begin with "_" are parts others include; layout.html is the HTML page around
every letter. Admins edit them, so they run in a sandbox and an unknown name is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import format_datetime
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from maild.core import tokens
from maild.core.identity import fold
from maild.core.model import Entry, Letter, Purpose
from maild.core.policy import OurAddress, Policy
from maild.letters import cards, headers, mime, words
from maild.letters.catalogue import CATALOGUE
from maild.letters.enclosures import Enclosures, enclosed
from maild.letters.history import QuoteView, history, public, theirs_of
from maild.letters.outgoing import NotRenderable, Outgoing, Rendered, route, sending_address
from maild.letters.page import page_body
from maild.letters.shelf import PLAIN, SUBJECT, Shelf, Voice, full_name, split_name
from maild.letters.story import story
from maild.letters.words import Language

LAYOUT = "layout.html"
MOST_THREAD = 200_000  # characters of a story told in one letter; the newest lines win
MOST_REFERENCES = 20  # RFC 5322 sets no limit, some gateways do

_LIVES = {Purpose.REQUESTER_REPLY: tokens.REQUESTER_REPLY_LIFE, Purpose.CONFIRM: tokens.CHALLENGE_LIFE}
_REPLY = {Purpose.AGENT_REPLY: "requester", Purpose.AGENT_NOTE: "inside"}


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One thing wrong with a template."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class _Environment(ImmutableSandboxedEnvironment):
    """Knows the templates of all voices; a part is looked for where the letter that includes it was."""

    def join_path(self, template: str, parent: str) -> str:
        return full_name(template, split_name(parent)[1])


class _Loader(BaseLoader):
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        name, voice = split_name(template)
        source = self._shelf.find(name, voice)
        if source is None:
            raise TemplateNotFound(name)
        return source.text, source.file, None


class Templates:
    """The templates of a desk. Safe to use from several threads."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.environment = _Environment(
            loader=_Loader(shelf),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(LAYOUT),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )

    def render(self, outgoing: Outgoing, policy: Policy, now: datetime) -> Rendered:
        """Write a letter. Same input, same bytes.

        Raises Unsendable where its recipient has no address mail can go to, NotRenderable where
        a template fails or the letter lacks what it needs.
        """
        path = route(outgoing, policy)
        ours = sending_address(outgoing, policy)
        letter, ticket = outgoing.letter, outgoing.ticket
        voice = self.shelf.voice(f"{letter.template}.txt", _wanted(outgoing, ours, policy))
        files = enclosed(outgoing, policy)
        seen = _variables(outgoing, ours, files, policy, now, voice.words)
        subject, text = self.write(letter.template, seen, voice)
        html = self.page(text, subject, seen, voice, files.own_html)
        number = ticket.number if ticket else 0
        message_id = tokens.message_id(policy, number, _principal(outgoing), outgoing.outbox_id)
        head = b"".join(
            [
                *_people(outgoing, ours, path.rcpt, policy, now),
                headers.text("Subject", subject or "(no subject)"),
                headers.text("Date", format_datetime(now.astimezone(cards.zone_of(ticket, policy)))),
                headers.ids("Message-ID", [message_id]),
                *_thread(outgoing, policy),
                *_marks(outgoing, policy),
                b"MIME-Version: 1.0\r\n",
            ]
        )
        raw = head + mime.body(text, html, files.files, message_id, files.pictures)
        return Rendered(message_id, path.mail_from, path.rcpt, raw, path.smtputf8)

    def write(self, template: str, seen: Mapping[str, Any], voice: Voice = PLAIN) -> tuple[str, str]:
        """Subject and body of a letter with these variables; NotRenderable where the template fails."""
        name = f"{template}.txt"
        try:
            subject = self.environment.get_template(full_name(name + SUBJECT, voice)).render(seen)
            text = self.environment.get_template(full_name(name, voice)).render(seen)
        except Exception as error:
            raise NotRenderable(str(fault(error, name))) from error
        return words.line(subject), words.block(text).strip("\n") + "\n"

    def page(self, text: str, subject: str, seen: Mapping[str, Any], voice: Voice = PLAIN, own_html: str = "") -> str:
        """The HTML twin. `own_html`: how the author formatted the entry's words; they are shown so."""
        try:
            layout = self.environment.get_template(full_name(LAYOUT, voice))
            body = page_body(text, seen["marker"], seen["entry"].text if own_html else "", own_html)
            return layout.render(body=body, subject=subject, desk=seen["desk"], language=voice.code)
        except Exception as error:
            raise NotRenderable(str(fault(error, LAYOUT))) from error


def _wanted(outgoing: Outgoing, ours: OurAddress, policy: Policy) -> Voice:
    """The team's templates; and in letters that leave the desk the language of the address people wrote to."""
    ticket = outgoing.ticket
    team = policy.teams.get(ticket.team) if ticket else None
    return Voice(team.templates if team else "", "" if _stays(outgoing) else ours.language)


def _stays(outgoing: Outgoing) -> bool:
    """Whether only agents read the letter. Whatever else it may be, nothing from inside goes along."""
    return outgoing.letter.purpose in _REPLY


def _variables(
    outgoing: Outgoing, ours: OurAddress, files: Enclosures, policy: Policy, now: datetime, language: Language
) -> dict[str, Any]:
    letter, ticket, entry = outgoing.letter, outgoing.ticket, outgoing.entry
    form = CATALOGUE.get(letter.template)
    if form is None:
        raise NotRenderable(f"there is no letter called {letter.template!r}")
    stays = _stays(outgoing)
    if entry is not None and not (stays or entry.public):
        raise NotRenderable("words from inside were to leave in a letter that is not for agents")
    zone = cards.zone_of(ticket, policy)
    told = outgoing.thread if stays else public(outgoing.thread)
    thread = _newest(told) if form.thread else ()
    # A letter decided by an earlier version may lack a key that its template has learned to speak of.
    context = {key: type(it.sample)() for key, it in form.context.items()} | dict(letter.context)
    seen = {key: cards.context_value(value) for key, value in context.items()}
    for key in (key for key, it in form.context.items() if it.instant and seen.get(key)):
        seen[key] = words.moment(datetime.fromisoformat(seen[key]), zone, now, language)
    if form.ledger:
        seen["story"] = story(thread, outgoing, policy, zone)
    return seen | {
        "ticket": cards.TicketView(ticket, policy, now, language) if ticket else None,
        "entry": cards.EntryView(entry, policy, zone, now, language) if entry else None,
        "thread": cards.entries(thread, policy, zone, now, language),
        "omitted": len(told) - len(thread) if form.thread else 0,
        "history": _history(outgoing, policy, zone, now, language) if form.history else (),
        "desk": cards.DeskView(words.line(policy.name), ours.email, policy.tag),
        "recipient": cards.PersonView(
            words.line(letter.to.name, 100), words.line(letter.to.email), tokens.is_collaborator(letter.principal)
        ),
        "reply": _REPLY.get(letter.purpose, "") if letter.purpose else "",
        "marker": language.marker,
        "attachments": tuple(cards.FileView(file.name, words.size(file.size, language)) for file in files.files),
        "left_out": tuple(
            cards.FileView(words.line(file.filename, 150), words.size(file.size, language)) for file in files.left_out
        ),
    }


def _history(
    outgoing: Outgoing, policy: Policy, zone: tzinfo, now: datetime, language: Language
) -> tuple[QuoteView, ...]:
    """Quoted is what the reader has had: the requester's own correspondence. Nobody reads older words by being put on
    copy, nor by becoming the requester of what was somebody else's."""
    ticket = outgoing.ticket
    if ticket is None or fold(outgoing.letter.to.email) != fold(ticket.requester.email):
        return ()
    return history(theirs_of(outgoing.thread), outgoing.entry, policy, zone, now, language)


def fault(error: Exception, name: str) -> TemplateProblem:
    """Which file and line of a template an exception arose in."""
    file, line = name, getattr(error, "lineno", None) or 0
    if isinstance(error, TemplateError) and getattr(error, "filename", None):
        file = error.filename  # type: ignore[attr-defined]  # a syntax error names its file
    trace = error.__traceback__
    while trace is not None and not isinstance(getattr(error, "lineno", None), int):
        code = trace.tb_frame.f_code.co_filename
        if code.endswith((".txt", ".html")):
            file, line = code, trace.tb_lineno
        trace = trace.tb_next
    return TemplateProblem(file, line, str(error) or type(error).__name__)


# --------------------------------------------------------------------- header fields


def _people(outgoing: Outgoing, ours: OurAddress, rcpt: str, policy: Policy, now: datetime) -> list[bytes]:
    """From, To and, where an answer can do something, Reply-To."""
    letter = outgoing.letter
    display = words.line(letter.from_name or ours.name or policy.name, 100)
    # An acknowledgement goes to an address nobody has proven: it must not carry a stranger's words there.
    name = "" if letter.automatic == "auto-replied" else words.line(letter.to.name, 100)
    fields = [headers.mailbox("From", display, headers.address(ours.email)), *_shown_to(letter, name, rcpt)]
    if letter.purpose and (outgoing.ticket or letter.purpose in (Purpose.CONFIRM, Purpose.ADMIN)):
        number, who = outgoing.ticket.number if outgoing.ticket else 0, _principal(outgoing)
        # The letter held back in a challenge; else our own, so that what was made up to a letter can be revoked.
        confirms = letter.purpose == Purpose.CONFIRM
        serial = int(letter.context.get("mail_id", 0)) if confirms else outgoing.outbox_id
        expires = now + _LIVES.get(letter.purpose, tokens.AGENT_REPLY_LIFE)
        reply_to = tokens.reply_address(policy, ours.email, letter.purpose, number, who, expires, serial=serial)
        fields.append(headers.mailbox("Reply-To", display, headers.address(reply_to)))
    return fields


def _shown_to(letter: Letter, name: str, rcpt: str) -> list[bytes]:
    """To and Cc. Each participant gets a copy of their own, and all copies show the same people, without names: a
    name is what somebody chose to be called, and others need not read it from us."""
    if not letter.shown_to:
        return [headers.mailbox("To", name, rcpt)]
    return [headers.mailboxes("To", letter.shown_to[:1]), headers.mailboxes("Cc", letter.shown_to[1:])]


def _thread(outgoing: Outgoing, policy: Policy) -> list[bytes]:
    """In-Reply-To and References.

    The ticket's root comes first, so that the letters of one ticket are one thread in every
    client though their readers never got the letter that began it.
    """
    letter, ticket = outgoing.letter, outgoing.ticket
    if ticket is None:
        return []
    root = tokens.ticket_root_id(policy, ticket.number)
    parent = letter.in_reply_to or root
    chain = [bare for bare in dict.fromkeys(letter.references[-MOST_REFERENCES:]) if bare not in (root, parent)]
    return [
        headers.ids("In-Reply-To", [parent]),
        headers.ids("References", [root, *chain, *([parent] if parent != root else [])]),
    ]


def _marks(outgoing: Outgoing, policy: Policy) -> list[bytes]:
    """What machines should know: ours, about which ticket, and whether a person wrote it (RFC 3834 section 5)."""
    letter = outgoing.letter
    fields = [headers.text("X-Maild-Loop", policy.domain), headers.text("X-Maild-Letter", letter.template)]
    if outgoing.ticket:
        fields.append(headers.text("X-Maild-Ticket", f"{policy.tag}-{outgoing.ticket.number}"))
    if letter.automatic:
        fields += [headers.text("Auto-Submitted", letter.automatic), headers.text("X-Auto-Response-Suppress", "All")]
    return fields


def _principal(outgoing: Outgoing) -> int:
    return outgoing.letter.principal or (outgoing.ticket.requester.id if outgoing.ticket else 0)


# --------------------------------------------------------------------- what goes along


def _newest(thread: Sequence[Entry]) -> Sequence[Entry]:
    """The end of a thread that fits a letter."""
    room = MOST_THREAD
    for at in range(len(thread) - 1, -1, -1):
        room -= len(thread[at].text) + 100
        if room < 0:
            return thread[at + 1 :]
    return thread
