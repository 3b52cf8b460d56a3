"""Templates: compiled once, then one letter after another.

A template is templates/<name>.txt: a `Subject:` line, a blank line, the body in plain text,
in Jinja2. The subject is compiled apart from the body, so nothing anybody wrote can leave
it. Files that begin with "_" are parts others include; layout.html is the HTML page around
every letter. Admins edit them, so they run in a sandbox and an unknown name is an error.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from maild.core import tokens
from maild.core.mail import content, read
from maild.core.mail.quoting import REPLY_MARKER
from maild.core.model import Entry, Purpose
from maild.core.policy import OurAddress, Policy
from maild.letters import cards, headers, mime, words
from maild.letters.catalogue import CATALOGUE
from maild.letters.outgoing import NotRenderable, Outgoing, Rendered, route, sending_address
from maild.letters.page import page_body

LAYOUT = "layout.html"
SUBJECT = "#subject"  # what the subject of a template is called apart from its body
MOST_THREAD = 200_000  # characters of a story told in one letter; the newest lines win
KEPT = 1_000_000  # bytes; the files of longer letters are encoded anew for every recipient
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


@dataclass(frozen=True, slots=True)
class Source:
    """A template as it will be compiled, and the file it came from."""

    file: str
    text: str


class _Sources(BaseLoader):
    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        source = self._sources.get(template)
        if source is None:
            raise TemplateNotFound(template)
        return source.text, source.file, None


class Templates:
    """The templates of a desk. Safe to use from several threads."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.environment = ImmutableSandboxedEnvironment(
            loader=_Sources(sources),
            undefined=StrictUndefined,
            autoescape=lambda name: name == LAYOUT,
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
        files = _files(outgoing)
        seen = self._variables(outgoing, ours, files, policy, now)
        subject, text = self.write(letter.template, seen)
        html = self._page(text, subject, seen)
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
        raw = head + mime.body(text, html, files, seed=message_id)
        return Rendered(message_id, path.mail_from, path.rcpt, raw, path.smtputf8)

    def write(self, template: str, seen: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and body of a letter with these variables; NotRenderable where the template fails."""
        name = f"{template}.txt"
        try:
            subject = self.environment.get_template(name + SUBJECT).render(seen)
            text = self.environment.get_template(name).render(seen)
        except Exception as error:
            raise NotRenderable(str(fault(error, name))) from error
        return words.line(subject), words.block(text).strip("\n") + "\n"

    def _page(self, text: str, subject: str, seen: Mapping[str, Any]) -> str:
        try:
            layout = self.environment.get_template(LAYOUT)
            page = layout.render(body=page_body(text, REPLY_MARKER), subject=subject, desk=seen["desk"])
        except Exception as error:
            raise NotRenderable(str(fault(error, LAYOUT))) from error
        return page

    def _variables(
        self, outgoing: Outgoing, ours: OurAddress, files: Sequence[mime.File], policy: Policy, now: datetime
    ) -> dict[str, Any]:
        letter, ticket = outgoing.letter, outgoing.ticket
        form = CATALOGUE.get(letter.template)
        if form is None:
            raise NotRenderable(f"there is no letter called {letter.template!r}")
        zone = cards.zone_of(ticket, policy)
        thread = _newest(outgoing.thread)
        seen = {key: cards.context_value(value) for key, value in letter.context.items()}
        for key in (key for key, it in form.context.items() if it.instant and seen.get(key)):
            seen[key] = words.moment(datetime.fromisoformat(seen[key]), zone, now)
        return seen | {
            "ticket": cards.TicketView(ticket, policy, now) if ticket else None,
            "entry": cards.EntryView(outgoing.entry, policy, zone, now) if outgoing.entry else None,
            "thread": cards.entries(thread, policy, zone, now),
            "omitted": len(outgoing.thread) - len(thread),
            "desk": cards.DeskView(words.line(policy.name), ours.email, policy.tag),
            "recipient": cards.PersonView(words.line(letter.to.name, 100), words.line(letter.to.email)),
            "reply": _REPLY.get(letter.purpose, "") if letter.purpose else "",
            "marker": REPLY_MARKER,
            "attachments": tuple(cards.FileView(file.name, words.size(file.size)) for file in files),
        }


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
    fields = [headers.mailbox("From", display, headers.address(ours.email)), headers.mailbox("To", name, rcpt)]
    if letter.purpose and (outgoing.ticket or letter.purpose == Purpose.CONFIRM):
        number, who = outgoing.ticket.number if outgoing.ticket else 0, _principal(outgoing)
        held = int(letter.context.get("mail_id", 0)) if letter.purpose == Purpose.CONFIRM else 0
        expires = now + _LIVES.get(letter.purpose, tokens.AGENT_REPLY_LIFE)
        reply_to = tokens.reply_address(policy, ours.email, letter.purpose, number, who, expires, serial=held)
        fields.append(headers.mailbox("Reply-To", display, headers.address(reply_to)))
    return fields


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


def _files(outgoing: Outgoing) -> tuple[mime.File, ...]:
    if outgoing.letter.attachments_of is None:
        return ()
    if outgoing.raw is None:
        raise NotRenderable(f"the stored letter {outgoing.letter.attachments_of} whose files should go along is gone")
    return _kept_files(outgoing.raw) if len(outgoing.raw) <= KEPT else _files_of(outgoing.raw)


def _files_of(raw: bytes) -> tuple[mime.File, ...]:
    return tuple(
        mime.file(words.line(a.filename, 150) or "attachment", a.content_type, content(raw, a.index))
        for a in read(raw).attachments
    )


# An alert goes to a whole team, and its letters are written one after the other.
_kept_files = functools.lru_cache(maxsize=4)(_files_of)
