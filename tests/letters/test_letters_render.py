"""Whole letters, read back by somebody else's parser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from letters_desk import MESSAGE, NOW, POLICY, TICKET, Write, letter, opened, words_of

from maild.core import tokens
from maild.core.mail import content, read
from maild.core.mail.quoting import REPLY_MARKER
from maild.core.model import Address, Entry, EntryKind, Person, Purpose, Status
from maild.letters import CATALOGUE, NotRenderable, Outgoing, Templates, Unsendable, route
from maild.letters.catalogue import Has

ANSWER = Entry(
    kind=EntryKind.RESPONSE,
    at=NOW,
    author="jane",
    author_name="Jane Doe",
    public=True,
    text="Please try again.\n\nJane",
)
ROOT = tokens.ticket_root_id(POLICY, 1042)
CRLF = "x\r\nBcc: evil@x.example\r\n\r\nbody\0\u2028\u2029\x85\x0b=?utf-8?q?=0D=0ABcc:_evil=40x.example?="


def every_letter() -> list[tuple[str, dict[str, Any]]]:
    """Each form with the sample context of the catalogue."""
    return [(name, {key: it.sample for key, it in form.context.items()}) for name, form in CATALOGUE.items()]


def parts_of(name: str) -> dict[str, Any]:
    form = CATALOGUE[name]
    return {
        "ticket": None if form.ticket is Has.NEVER else TICKET,
        "entry": None if form.entry is Has.NEVER else MESSAGE,
        "thread": (MESSAGE, ANSWER) if form.thread else (),
    }


# --------------------------------------------------------------------- form


def test_an_answer_has_exactly_these_headers(write: Write) -> None:
    raw = write(letter("response", "requester", from_name="Jane Doe (Example Bank Support)"), entry=ANSWER).raw
    head = raw.partition(b"\r\n\r\n")[0].decode()
    unfolded = head.replace("\r\n ", " ").split("\r\n")
    reply_to = tokens.reply_address(
        POLICY, "support@bank.example", Purpose.REQUESTER_REPLY, 1042, 7, NOW + timedelta(days=365), serial=88
    )
    assert unfolded[:-1] == [
        'From: "Jane Doe (Example Bank Support)" <support@bank.example>',
        "To: Karen Black <karen@customer.example>",
        f'Reply-To: "Jane Doe (Example Bank Support)" <{reply_to}>',
        f"Subject: Re: Online banking is down {tokens.subject_token(POLICY.keys, 'BANK', 1042)}",
        "Date: Fri, 20 Nov 2026 15:05:00 +0100",
        f"Message-ID: <{tokens.message_id(POLICY, 1042, 7, 88)}>",
        "In-Reply-To: <q1@customer.example>",
        f"References: <{ROOT}> <q0@customer.example> <q1@customer.example>",
        "X-Maild-Loop: desk.bank.example",
        "X-Maild-Letter: response",
        "X-Maild-Ticket: BANK-1042",
        "MIME-Version: 1.0",
    ]
    assert unfolded[-1].startswith('Content-Type: multipart/alternative; boundary="=_')
    assert words_of(raw).startswith(f"{REPLY_MARKER}\n\nPlease try again.\n\nJane\n\n-- \nExample Bank Support")


@pytest.mark.parametrize(("name", "context"), every_letter())
def test_every_letter_is_well_formed(write: Write, name: str, context: dict[str, Any]) -> None:
    purpose = None if name in ("unproven", "stopped") else Purpose.AGENT_REPLY
    made = write(letter(name, context=context, purpose=purpose), **parts_of(name))
    message = opened(made.raw)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert not [defect for part in message.walk() for defect in part.defects]
    assert message["Message-ID"] == f"<{made.message_id}>"
    assert b"\n" not in made.raw.replace(b"\r\n", b"")
    assert b"\r" not in made.raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in made.raw.split(b"\r\n"))
    assert made.raw.isascii()
    assert "\n\n\n" not in words_of(made.raw).strip("\n")
    assert not re.search(r"\bNone\b(?! of)|undefined|\{\{|\{%", words_of(made.raw))
    if message["Reply-To"]:
        assert words_of(made.raw).startswith(REPLY_MARKER)


def test_the_same_input_gives_the_same_bytes(write: Write) -> None:
    assert write(letter("new-ticket"), entry=MESSAGE) == write(letter("new-ticket"), entry=MESSAGE)
    assert (
        write(letter("new-ticket"), entry=MESSAGE).raw != write(letter("new-ticket"), entry=MESSAGE, outbox_id=89).raw
    )


def test_our_own_reader_reads_our_letters(write: Write) -> None:
    made = write(letter("response", "requester"), entry=replace(ANSWER, text="Größe: 5 > 3\n" + "lang " * 60))
    message = read(made.raw)
    assert message.message_id == made.message_id
    assert message.references == (ROOT, "q0@customer.example", "q1@customer.example")
    assert tokens.subject_numbers(POLICY.keys, "BANK", message.subject) == (1042,)
    assert message.headers["x-maild-loop"] == ("desk.bank.example",)
    assert "Größe: 5 > 3\n" + ("lang " * 60).strip() in message.text


# --------------------------------------------------------------------- envelope, threads, marks


def test_a_bounce_finds_the_letter(write: Write) -> None:
    made = write(letter("acknowledgement", "requester", automatic="auto-replied"))
    token = tokens.address_token(POLICY, made.mail_from, NOW)
    assert token is not None
    assert (token.purpose, token.ticket, token.serial) == (Purpose.BOUNCE, 1042, 88)


def test_an_agents_reply_address_is_theirs_for_ninety_days(write: Write) -> None:
    (reply_to,) = opened(write(letter("new-ticket"), entry=MESSAGE).raw)["Reply-To"].addresses
    token = tokens.address_token(POLICY, reply_to.addr_spec, NOW + timedelta(days=89))
    assert token is not None
    assert (token.purpose, token.ticket, token.principal, token.expired) == (Purpose.AGENT_REPLY, 1042, 4711, False)
    later = tokens.address_token(POLICY, reply_to.addr_spec, NOW + timedelta(days=98))
    assert later is not None
    assert later.expired


@pytest.mark.parametrize("automatic", ["auto-replied", "auto-generated"])
def test_automatic_letters_say_so(write: Write, automatic: str) -> None:
    message = opened(write(letter("acknowledgement", "requester", automatic=automatic)).raw)
    assert message["Auto-Submitted"] == automatic
    assert message["X-Auto-Response-Suppress"] == "All"


def test_a_persons_words_are_no_automatic_letter(write: Write) -> None:
    message = opened(write(letter("response", "requester"), entry=ANSWER).raw)
    assert message["Auto-Submitted"] is None
    assert message["X-Auto-Response-Suppress"] is None


LISTED = ("List-Id", "List-Unsubscribe", "List-Post", "List-Help", "Precedence", "Return-Receipt-To")


@pytest.mark.parametrize(("name", "context"), every_letter())
def test_every_letter_has_the_fields_of_a_personal_letter_once(
    write: Write, name: str, context: dict[str, Any]
) -> None:
    whom = "requester" if CATALOGUE[name].outside else "agent"
    more = {} if CATALOGUE[name].ticket is not Has.NEVER else {"purpose": None}
    made = write(letter(name, whom, context=context, **more), **parts_of(name))
    message = opened(made.raw)
    assert not [field for field in LISTED if message[field]]
    for field in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(message.get_all(field, [])) == 1
    assert message["Date"].datetime == NOW
    has_ticket = CATALOGUE[name].ticket is not Has.NEVER
    assert (ROOT in (message["References"] or "")) is has_ticket
    parent = "q1@customer.example" if whom == "requester" else ROOT
    assert message["In-Reply-To"] == (f"<{parent}>" if has_ticket else None)
    if has_ticket:
        assert message["References"].split()[-1] == message["In-Reply-To"]
    assert message["Auto-Submitted"] == (None if whom == "requester" else "auto-generated")
    page = message.get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert 'name="color-scheme" content="light dark"' in html
    assert not re.search(r"background|src=|url\(", html)


def test_letters_to_agents_hang_on_the_tickets_root(write: Write) -> None:
    message = opened(write(letter("new-ticket"), entry=MESSAGE).raw)
    assert message["In-Reply-To"] == message["References"] == f"<{ROOT}>"


def test_a_long_thread_keeps_its_newest_ids_and_the_root(write: Write) -> None:
    chain = tuple(f"{n}@{'x' * 200}.example" for n in range(300))
    raw = write(letter("response", "requester", references=chain, in_reply_to=chain[-1]), entry=ANSWER).raw
    ids = re.findall("<([^>]+)>", opened(raw)["References"])
    assert ids == [ROOT, *chain[-20:]]


def test_impossible_ids_of_the_requester_are_left_out(write: Write) -> None:
    bad = ("with blank@x", "x" * 2000 + "@x", "ü@x", "<a@x>", "a\r\nBcc: b@x")
    message = opened(write(letter("response", "requester", references=bad, in_reply_to=bad[0]), entry=ANSWER).raw)
    assert message["References"] == f"<{ROOT}>"
    assert message["In-Reply-To"] is None
    assert message["Bcc"] is None


def test_a_desk_without_sub_addresses_sends_from_and_to_itself(templates: Templates) -> None:
    policy = replace(POLICY, separator="")
    made = templates.render(Outgoing(1, TICKET, letter("new-ticket"), MESSAGE), policy, NOW)
    assert made.mail_from == "support@bank.example"
    assert opened(made.raw)["Reply-To"] == "Example Bank Support <support@bank.example>"


def test_a_letter_leaves_from_the_address_the_ticket_came_to(write: Write) -> None:
    made = write(letter("response", "requester"), entry=ANSWER, ticket=replace(TICKET, address="Billing@bank.example"))
    assert opened(made.raw)["From"] == "Example Bank Billing <billing@bank.example>"
    assert made.mail_from.startswith("billing+")


def test_a_letter_about_no_ticket(write: Write) -> None:
    made = write(letter("poison", "admin", context={"mail_id": 5, "error": "x"}), ticket=None)
    message = opened(made.raw)
    assert message["References"] is None
    assert message["Reply-To"] is None
    assert made.mail_from.startswith("support+")


# --------------------------------------------------------------------- words


def test_an_acknowledgement_carries_no_word_of_a_stranger(write: Write) -> None:
    spam = "Cheap pills at https://spam.example"
    ticket = replace(TICKET, subject=spam, requester=Person(7, "victim@x.example", spam))
    what = letter("acknowledgement", "requester", automatic="auto-replied", to=Address("victim@x.example", spam))
    raw = write(what, ticket=ticket).raw
    assert b"pills" not in raw
    assert "pills" not in words_of(raw)
    assert opened(raw)["To"] == "victim@x.example"


def test_an_acknowledgement_promises_only_what_is_still_to_come(write: Write) -> None:
    what = letter("acknowledgement", "requester")
    assert "by Friday 20 November at 16:00 CET." in words_of(write(what).raw)
    late = replace(TICKET, created_at=NOW - timedelta(hours=2))
    assert "as soon as we can" in words_of(write(what, ticket=late).raw)
    assert "as soon as we can" in words_of(write(what, ticket=replace(TICKET, sla="default")).raw)


def test_an_alert_says_first_what_a_reply_does(write: Write) -> None:
    to_requester = words_of(write(letter("new-ticket"), entry=MESSAGE).raw).split("\n\n")
    assert to_requester[:2] == [
        REPLY_MARKER,
        "Your reply goes to Karen Black <karen@customer.example>; begin it with #note to keep it inside.",
    ]
    note = letter("note-added", purpose=Purpose.AGENT_NOTE, context={"author": "John"})
    assert words_of(write(note, entry=MESSAGE).raw).split("\n\n")[1] == (
        "Your reply stays inside: the requester never sees it."
    )


def test_a_closure_says_how_long_an_answer_reopens(write: Write) -> None:
    solved = replace(TICKET, status=Status.RESOLVED, resolved_at=NOW)
    what = letter("closure", "requester", context={"solution": True, "closed": False})
    text = words_of(write(what, ticket=solved, entry=ANSWER).raw)
    assert text.startswith(f"{REPLY_MARKER}\n\nPlease try again.\n\nJane\n\nWith this we consider")
    assert "reply to this message until Monday 23 November at 15:05 CET" in text


def test_the_whole_story_goes_with_an_assignment_and_inside_is_marked(write: Write) -> None:
    note = Entry(kind=EntryKind.NOTE, at=NOW, author="john", text="Certificate expired?")
    event = Entry(kind=EntryKind.EVENT, at=NOW, author="john", data={"field": "sla", "old": "default", "new": "sev-a"})
    what = letter("assigned", context={"by": "John Miller", "to_team": False})
    text = words_of(write(what, thread=(MESSAGE, event, note, ANSWER)).raw)
    assert text.index("Nobody in our branch") < text.index("Certificate expired?") < text.index("Please try again.")
    assert "John Miller, Friday 20 November at 15:05 CET, note:" in text
    assert "Default → Sev-A" not in text


def test_a_log_tells_changes_in_names_people_use(write: Write) -> None:
    events = tuple(
        Entry(kind=EntryKind.EVENT, at=NOW, author=author, data={"field": field, "old": old, "new": new})
        for author, field, old, new in [
            ("john", "sla", "default", "sev-a"), ("rule:outage", "tags", [], ["a", "b"]), ("clock", "team", "", "banking"),
            ("requester", "watchers", ["john"], ["john", "jane"]), ("john", "topic", "", "outage"),
        ]
    )  # fmt: skip
    text = words_of(write(letter("log"), thread=events).raw)
    assert "2026-11-20 15:05  John Miller: sla: Default → Sev-A" in text
    assert "the rule “outage”: tags: none → a, b" in text
    assert "the clock: team: none → Online Banking Team" in text
    assert "the requester: watchers: John Miller → John Miller, Jane Doe" in text
    assert "topic: none → Report a Problem / Business Critical Outage" in text


def test_a_story_too_long_for_a_letter_keeps_its_end(write: Write) -> None:
    thread = tuple(replace(MESSAGE, text=f"number {n} " + "x" * 5000) for n in range(100))
    raw = write(letter("log"), thread=thread).raw
    text = words_of(raw)
    assert "number 99 " in text
    assert "number 1 " not in text
    assert re.search(r"without the oldest \d\d lines", text)
    assert len(raw) < 1_000_000


# --------------------------------------------------------------------- hostile words


@pytest.mark.parametrize(("name", "context"), every_letter())
def test_no_field_can_add_a_header(write: Write, name: str, context: dict[str, Any]) -> None:
    def poisoned(value: Any) -> Any:
        if isinstance(value, str) and not value.startswith("2026-"):
            return CRLF
        if isinstance(value, list):
            return [poisoned(item) for item in value]
        return {key: poisoned(item) for key, item in value.items()} if isinstance(value, dict) else value

    hostile = replace(MESSAGE, text=CRLF, author=CRLF, author_name=CRLF, data={"field": CRLF, "old": CRLF, "new": CRLF})
    ticket = replace(
        TICKET, subject=CRLF, requester=Person(7, CRLF, CRLF), topic=CRLF, priority=CRLF, team=CRLF, agent=CRLF, tags=(CRLF,),
        watchers=(CRLF,), references=(CRLF,), last_message_id=CRLF,
    )  # fmt: skip
    form = CATALOGUE[name]
    what = letter(
        name, context=poisoned(context), from_name=CRLF, to=Address("jane@bank.example", CRLF), in_reply_to=CRLF, references=(CRLF,)
    )  # fmt: skip
    thread = (hostile, replace(hostile, kind=EntryKind.EVENT)) if form.thread else ()
    raw = write(
        what,
        ticket=None if form.ticket is Has.NEVER else ticket,
        entry=None if form.entry is Has.NEVER else hostile,
        thread=thread,
    ).raw
    message = opened(raw)
    assert message["Bcc"] is None
    plain = write(letter(name, context=context), **parts_of(name)).raw
    assert {field.lower() for field in message.keys()} - {"in-reply-to"} == (  # noqa: SIM118 - a message is no dict
        {field.lower() for field in opened(plain).keys()} - {"in-reply-to"}  # noqa: SIM118
    )
    assert [a.addr_spec for a in message["To"].addresses] == ["jane@bank.example"]
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("email", ["a@b\r\nBcc: c@d", "a@b>\r\nRCPT TO:<c@d", "", "nobody", "a b@c", "a@b, c@d"])
def test_a_letter_to_no_address_is_unsendable(write: Write, email: str) -> None:
    with pytest.raises(Unsendable):
        write(letter("new-ticket", to=Address(email)), entry=MESSAGE)


@pytest.mark.parametrize(
    "payload",
    [
        "{{ 7*7 }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
        "{{ ticket }}",
        "{# gone #}",
        "{{ '",
    ],
)
def test_template_code_in_words_stays_words(write: Write, payload: str) -> None:
    raw = write(letter("new-ticket"), entry=replace(MESSAGE, text=payload), ticket=replace(TICKET, subject=payload)).raw
    assert payload in words_of(raw)
    assert payload in opened(raw)["Subject"]


def test_html_in_words_stays_words(write: Write) -> None:
    raw = write(letter("new-ticket"), entry=replace(MESSAGE, text="<img src=x onerror=alert(1)>")).raw
    part = opened(raw).get_body(("html",))
    assert part is not None
    assert "&lt;img src=x onerror=alert(1)&gt;" in part.get_content()


# --------------------------------------------------------------------- addresses beyond ASCII, files


@pytest.mark.parametrize(
    ("email", "rcpt", "needs"),
    [
        ("karen@müller.example", "karen@xn--mller-kva.example", False),
        ("käthe@müller.example", "käthe@xn--mller-kva.example", True),
    ],
)
def test_addresses_beyond_ascii(write: Write, email: str, rcpt: str, needs: bool) -> None:
    what = letter("response", "requester", to=Address(email, "Käthe Müller"))
    made = write(what, entry=ANSWER)
    assert (made.rcpt, made.needs_smtputf8) == (rcpt, needs)
    assert route(Outgoing(88, TICKET, what), POLICY).smtputf8 is needs
    (to,) = opened(made.raw)["To"].addresses
    assert to.display_name == "Käthe Müller"
    assert to.addr_spec.encode("ascii", "surrogateescape").decode() == rcpt  # the parser was not told of RFC 6532


def incoming(*files: tuple[str, str, bytes]) -> bytes:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"] = "karen@customer.example"
    message.set_content("See the files.")
    for name, kind, octets in files:
        main, _, sub = kind.partition("/")
        message.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def test_files_go_along_unchanged(write: Write) -> None:
    files = [("Überweisung 1.pdf", "application/pdf", bytes(range(256)) * 50), ("a.bin", "application/x-y", b""), ('q"\\.txt', "text/plain", b".\r\n.\r\n")]  # fmt: skip
    raw = incoming(*files)
    made = write(letter("new-ticket", attachments_of=3), entry=MESSAGE, raw=raw)
    message = opened(made.raw)
    assert message.get_content_type() == "multipart/mixed"
    theirs = [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in message.iter_attachments()]
    ours = [(a.filename, a.content_type, content(raw, a.index)) for a in read(raw).attachments]
    assert theirs == ours
    assert [octets for _, _, octets in theirs] == [octets for _, _, octets in files]
    assert theirs[0][0] == "Überweisung 1.pdf"
    assert "Attached: Überweisung 1.pdf (13 kB), a.bin (0 bytes)" in words_of(made.raw)
    assert all(len(line) <= 998 for line in made.raw.split(b"\r\n"))


def test_an_attached_letter_becomes_a_file(write: Write) -> None:
    raw = (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n"
        b"Hi\r\n--x\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=old.eml\r\n\r\n"
        b"From: c@d.example\r\nSubject: Inner\r\n\r\nInner words\r\n--x--\r\n"
    )
    assert read(raw).attachments
    message = opened(write(letter("new-ticket", attachments_of=3), entry=MESSAGE, raw=raw).raw)
    (file,) = message.iter_attachments()
    assert file.get_content_type() == "application/octet-stream"
    assert b"Inner words" in file.get_payload(decode=True)


def test_files_that_are_gone_delay_the_letter(write: Write) -> None:
    with pytest.raises(NotRenderable, match="stored letter 3"):
        write(letter("new-ticket", attachments_of=3), entry=MESSAGE, raw=None)


def test_what_is_missing_delays_the_letter_and_names_the_line(write: Write) -> None:
    with pytest.raises(NotRenderable, match=r"new-ticket\.txt:\d+: 'None' has no attribute"):
        write(letter("new-ticket"))
    with pytest.raises(NotRenderable, match="no letter called"):
        write(letter("nonsense"))
