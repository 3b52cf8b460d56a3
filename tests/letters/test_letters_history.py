"""What is quoted below an answer: what was said in public, and not a word from inside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letters_desk import NOW, POLICY, TICKET, letter, opened, words_of

from maild.core.mail import read
from maild.core.mail.quoting import REPLY_MARKER
from maild.core.model import Address, Entry, EntryKind, Status
from maild.core.policy import Letters, OurAddress
from maild.letters import CATALOGUE, NotRenderable, Outgoing, Templates
from maild.letters.words import LANGUAGES


def entry(number: int, text: str, kind: EntryKind = EntryKind.MESSAGE, **more: Any) -> Entry:
    who = (
        {"author": "jane", "author_name": "Jane Doe"}
        if kind != EntryKind.MESSAGE
        else {"author": "karen@customer.example", "author_name": "Karen Black"}
    )
    usual = {"public": kind != EntryKind.NOTE, **who}
    return Entry(id=number, kind=kind, at=NOW - timedelta(hours=9 - number), text=text, **{**usual, **more})


THREAD = (
    entry(1, "Nobody can log in.\nThe page says “Error 503”."),
    entry(2, "Since when?", EntryKind.RESPONSE),
    entry(3, "The certificate has expired, tell nobody.", EntryKind.NOTE),
    entry(4, "Since 2 pm.\n\n> Since when?"),
    entry(5, "I can see the invoices of others too!", public=False, author="lena@x.example"),
)
ANSWER = entry(6, "It works again.\n\nJane", EntryKind.RESPONSE)
LATER = entry(7, "Not here.")


def said(templates: Templates, policy: Any = POLICY, answer: Entry | None = ANSWER, **more: Any) -> str:
    what = letter("response", "requester", **more)
    return words_of(
        templates.render(Outgoing(1, TICKET, what, answer, None, (*THREAD, ANSWER, LATER)), policy, NOW).raw
    )


def with_history(wanted: str, lines: int = 200) -> Any:
    return replace(POLICY, letters=Letters(history=wanted, history_lines=lines))


def test_the_letter_that_is_answered_stands_below_the_answer(templates: Templates) -> None:
    text = said(templates)
    assert text.startswith(
        f"{REPLY_MARKER}\n\nIt works again.\n\nJane\n\nOn Friday 20 November at 10:05 Karen Black wrote:\n> Since 2 pm.\n>\n>> Since when?\n\n-- \n"
    )


def test_all_that_was_said_stands_there_newest_first(templates: Templates) -> None:
    text = said(templates, with_history("all"))
    places = [
        text.index(words)
        for words in (
            "It works again.",
            "> Since 2 pm.",
            "Jane Doe wrote:\n> Since when?",
            "> Nobody can log in.",
            "\n-- \n",
        )
    ]
    assert places == sorted(places)
    assert "Not here." not in text


def test_none_is_none(templates: Templates) -> None:
    assert "wrote:" not in said(templates, with_history("none"))


@pytest.mark.parametrize(
    ("wanted", "lines", "quoted"),
    [("last", 1, ["> Since 2 pm.", "> […]"]), ("all", 4, ["> Since 2 pm.", ">", ">> Since when?", "> Since when?"])],
)
def test_no_more_lines_than_the_admin_wants(templates: Templates, wanted: str, lines: int, quoted: list[str]) -> None:
    text = said(templates, with_history(wanted, lines))
    assert [line for line in text.split("\n") if line.startswith(">")] == quoted


def test_a_very_long_letter_is_quoted_in_part(templates: Templates) -> None:
    thread = (entry(1, "word " * 200_000),)
    raw = templates.render(Outgoing(1, TICKET, letter("response", "requester"), ANSWER, None, thread), POLICY, NOW).raw
    assert len(raw) < 500_000
    assert "> […]" in words_of(raw)


def test_whoever_is_on_copy_is_quoted_nothing(templates: Templates) -> None:
    assert "wrote:" not in said(templates, with_history("all"), to=Address("carl@customer.example"))


def test_a_new_requester_is_quoted_nothing_of_what_was_another_s(templates: Templates) -> None:
    given = entry(3, "", EntryKind.EVENT, data={"field": "requester", "old": "carl@x.example", "new": "karen"})
    thread = (THREAD[0], given, entry(4, "Mine."), ANSWER)
    outgoing = Outgoing(1, TICKET, letter("response", "requester"), ANSWER, None, thread)
    text = words_of(templates.render(outgoing, with_history("all"), NOW).raw)
    assert "> Mine." in text
    assert "Nobody can log in." not in text


def test_a_notice_quotes_nothing(templates: Templates) -> None:
    solved = replace(TICKET, status=Status.RESOLVED, resolved_at=NOW)
    for name, context in (("acknowledgement", {}), ("closure", {"solution": False, "closed": False})):
        what = letter(name, "requester", context=context)
        assert "wrote:" not in words_of(
            templates.render(Outgoing(1, solved, what, None, None, THREAD), POLICY, NOW).raw
        )


def test_in_html_it_is_a_quotation(templates: Templates) -> None:
    raw = templates.render(Outgoing(1, TICKET, letter("response", "requester"), ANSWER, None, THREAD), POLICY, NOW).raw
    page = opened(raw).get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert html.index("Karen Black wrote:") < html.index("<blockquote") < html.index("Since 2 pm.")


# --------------------------------------------------------------------- nothing from inside

WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=7, max_size=9)
SECRET = WORD.map(lambda word: f"zq{word}qz")
ENTRIES = st.lists(
    st.tuples(st.sampled_from(EntryKind), st.booleans(), st.lists(WORD, min_size=1, max_size=5), st.lists(SECRET, min_size=1, max_size=3), st.sampled_from(["\n", " ", "\n> ", "\n\n"])),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    entries=ENTRIES,
    history=st.sampled_from(["last", "all", "none"]),
    at=st.integers(0, 8),
    name=st.sampled_from([name for name, form in CATALOGUE.items() if form.outside]),
)
def test_no_word_from_inside_ever_leaves(templates: Templates, entries: Any, history: str, at: int, name: str) -> None:
    thread: list[Entry] = []
    secrets: list[str] = []
    for number, (kind, public, words, hidden, glue) in enumerate(entries, 1):
        is_public = public and kind not in (EntryKind.NOTE, EntryKind.EVENT)
        own = words if is_public else hidden
        secrets += [] if is_public else hidden
        more = {"author": own[0], "author_name": own[0], "data": {"field": own[0], "old": own[0], "new": own[0]}}
        thread.append(entry(number, glue.join(own), kind, **{**more, "public": is_public}))
    answer = entry(at + 1, "It works.", EntryKind.RESPONSE)
    form = CATALOGUE[name]
    context = {key: it.sample for key, it in form.context.items()}
    outgoing = Outgoing(1, TICKET, letter(name, "requester", context=context), answer, None, tuple(thread))
    made = templates.render(outgoing, with_history(history), NOW).raw
    everything = words_of(made) + str(opened(made).get_body(("html",)))
    assert not [secret for secret in secrets if secret in everything]


@pytest.mark.parametrize("name", [name for name, form in CATALOGUE.items() if form.outside])
def test_a_note_cannot_be_the_letter_itself(templates: Templates, name: str) -> None:
    context = {key: it.sample for key, it in CATALOGUE[name].context.items()}
    with pytest.raises(NotRenderable, match="from inside"):
        templates.render(Outgoing(1, TICKET, letter(name, "requester", context=context), THREAD[2]), POLICY, NOW)


# --------------------------------------------------------------------- and back again


def reply(text: str = "", html: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "karen@customer.example", "Re: Online banking is down"
    made.set_content(text or "see the HTML")
    if html:
        made.clear_content()
        made.set_content(html, subtype="html")
    return made.as_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("history", ["last", "all"])
def test_what_we_quote_is_cut_off_when_they_answer(templates: Templates, history: str, language: str) -> None:
    ours = OurAddress(email="support@bank.example", name="Support", language=language)
    policy = replace(with_history(history), addresses=(ours,))
    outgoing = Outgoing(1, TICKET, letter("response", "requester"), ANSWER, None, THREAD)
    raw = templates.render(outgoing, policy, NOW).raw
    text, page = words_of(raw), opened(raw).get_body(("html",))
    assert page is not None
    marker = LANGUAGES[language].marker
    assert text.startswith(marker)
    unmarked = text.removeprefix(marker).lstrip()
    on = "On Fri, 20 Nov 2026 at 15:05, Jane Doe <support@bank.example> wrote:"
    prefixed = "\n".join(f"> {line}" for line in text.splitlines())
    history_of = unmarked[unmarked.index("On " if language == "en" else "Am ") :]
    answers = [
        reply(f"Thank you,\nit works.\n\n{text}"),
        reply(f"Thank you,\nit works.\n\n{on}\n{prefixed}"),
        reply(f"Thank you,\nit works.\n\n{history_of}"),
        reply(html=f"<div>Thank you,<br>it works.</div>{page.get_content()}"),
        reply(
            html=f"<div>Thank you,<br>it works.</div><div class=gmail_quote>{on}<blockquote>{page.get_content()}</blockquote></div>"
        ),
    ]
    for answer in answers:
        assert read(answer).new_text == "Thank you,\nit works."
    assert read(raw).new_text == ""  # all of our letter is below the line


def test_the_quotation_alone_is_recognised(templates: Templates) -> None:
    text = said(templates, with_history("all")).removeprefix(REPLY_MARKER)
    assert read(reply(text)).new_text == "It works again.\n\nJane"


def test_long_lines_of_a_quotation_flow(templates: Templates) -> None:
    long = "This is a rather long line that somebody wrote without ever pressing the key for a new one. " * 5
    raw = templates.render(
        Outgoing(1, TICKET, letter("response", "requester"), ANSWER, None, (entry(1, long),)), POLICY, NOW
    ).raw
    body = opened(raw).get_body(("plain",))
    assert body is not None
    lines = [line for line in body.get_content().splitlines() if line.startswith(">")]
    assert len(lines) > 5
    assert all(len(line) <= 78 for line in lines)
    assert f"> {long.strip()}" in read(raw).text
