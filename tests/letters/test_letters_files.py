"""Pictures, files and formatting of an agent's answer, and of a requester's letter in an alert."""

from __future__ import annotations

import base64
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from letters_desk import MESSAGE, NOW, POLICY, TICKET, Write, letter, opened, words_of

from maild.core.mail import read
from maild.core.model import Entry, EntryKind
from maild.core.policy import Letters
from maild.letters import Outgoing, Rendered, Templates

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE = (
    '<p class="MsoNormal">Dear Karen,</p><p class="MsoNormal"><b>Restart</b> the phone:</p><img src="cid:shot@x">'
    '<ul><li>press <i>both</i> keys</li></ul><p>Jane</p><p>-- <br>Example Bank<br><img src="cid:logo@x"></p>'
    '<div id="divRplyFwdMsg">From: Example Bank</div><p>Careful: she is lying</p>'
)
TEXT = "Dear Karen,\n\nRestart the phone:\n\n* press both keys\n\nJane"


def from_agent(*files: tuple[str, bytes], page: str = PAGE) -> bytes:
    message = EmailMessage()
    message["From"] = "jane@bank.example"
    message.set_content(TEXT + "\n\n-- \nExample Bank\n")
    message.add_alternative(page, subtype="html")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(PNG, "image", "png", cid="<shot@x>", filename="shot.png", disposition="inline")  # type: ignore[union-attr]
    html.add_related(PNG, "image", "png", cid="<logo@x>", filename="logo.png", disposition="inline")  # type: ignore[union-attr]
    for name, octets in files:
        message.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


ANSWER = Entry(kind=EntryKind.RESPONSE, at=NOW, author="jane", author_name="Jane Doe", public=True, text=TEXT, id=9)


def answered(templates: Templates, raw: bytes, most: int = 10_000_000, **more: Any) -> Rendered:
    policy = replace(POLICY, letters=Letters(attachments_max=most))
    what = letter("response", "requester", attachments_of=3, **more)
    return templates.render(Outgoing(88, TICKET, what, ANSWER, raw), policy, NOW)


def names(raw: bytes) -> list[str | None]:
    return [part.get_filename() for part in opened(raw).iter_attachments()]


def page_of(raw: bytes) -> str:
    part = opened(raw).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_an_answer_arrives_as_it_was_written(templates: Templates) -> None:
    assert read(from_agent()).new_text == TEXT
    raw = answered(templates, from_agent(("plan.pdf", b"plan"))).raw
    message = opened(raw)
    assert message.get_content_type() == "multipart/mixed"
    alternative = message.get_body(("related", "html", "plain"))
    assert alternative is not None
    page = page_of(raw)
    assert "<b>Restart</b> the phone:" in page
    assert "<ul><li>press <i>both</i> keys</li></ul>" in page
    assert "lying" not in page
    (picture,) = [part for part in message.walk() if part["Content-ID"]]
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert (picture.get_content_disposition(), picture.get_payload(decode=True)) == ("inline", PNG)
    assert names(raw) == ["plan.pdf"]  # neither the picture, which is in its place, nor the signature's logo
    assert [part.get_content_type() for part in message.walk() if part.is_multipart()] == [
        "multipart/mixed",
        "multipart/alternative",
        "multipart/related",
    ]
    again = read(raw)
    assert [file.filename for file in again.attachments] == ["shot.png", "plan.pdf"]
    assert not again.defects


def test_where_the_html_says_more_the_text_counts(templates: Templates) -> None:
    raw = answered(templates, from_agent(page=PAGE.replace("both", "both <s>secret</s>"))).raw
    page = page_of(raw)
    assert "secret" not in page
    assert "<b>" not in page
    assert "Restart the phone:" in page
    assert names(raw) == ["shot.png", "logo.png"]


def test_what_is_too_large_is_named(templates: Templates) -> None:
    files = [("film.mp4", b"f" * 3000), ("small.txt", b"s"), ("notes.txt", b"n" * 2500)]
    raw = answered(templates, from_agent(*files), most=len(PNG) * 2 + 100).raw
    assert names(raw) == ["small.txt"]
    text = words_of(raw)
    assert (
        "Some files are too large for this message and follow in others: film.mp4 (3.0 kB), notes.txt (2.5 kB)." in text
    )
    one = words_of(answered(templates, from_agent(*files[:2]), most=len(PNG) * 2 + 100).raw)
    assert "One file is too large for this message and follows in one of its own: film.mp4 (3.0 kB)." in one


def test_the_letter_that_follows_has_the_files_it_is_for(templates: Templates) -> None:
    raw_in = from_agent(("film.mp4", b"f" * 3000), ("notes.txt", b"n"))
    indices = {file.filename: file.index for file in read(raw_in).attachments}
    what = letter(
        "further-files", "requester", attachments_of=3, files=(indices["film.mp4"],), context={"part": 1, "parts": 2}
    )
    policy = replace(POLICY, letters=Letters(attachments_max=10))
    raw = templates.render(Outgoing(89, TICKET, what, None, raw_in), policy, NOW).raw
    assert names(raw) == ["film.mp4"]
    assert (
        "With our message about BANK-1042 you also get film.mp4 (3.0 kB). It was too large to go along with it. This is part 1 of 2."
        in words_of(raw)
    )


@pytest.mark.parametrize("name", ["new-ticket", "requester-reply", "reopened"])
def test_an_alert_carries_pictures_and_no_html_of_a_stranger(templates: Templates, name: str) -> None:
    context = {"linked": ""} if name == "new-ticket" else {"third_party": "", "collaborator": ""}
    what = letter(name, attachments_of=3, context=context)
    policy = replace(POLICY, letters=Letters(attachments_max=len(PNG) * 2))
    message = replace(MESSAGE, text=TEXT)
    raw = templates.render(Outgoing(90, TICKET, what, message, from_agent(("film.mp4", b"f" * 3000))), policy, NOW).raw
    assert [(part.get_filename(), part.get_content_disposition()) for part in opened(raw).iter_attachments()] == [
        ("shot.png", "inline"),
        ("logo.png", "inline"),
    ]
    assert "<b>" not in page_of(raw)
    assert "Too large to come along: film.mp4 (3.0 kB). Reply with #files" in words_of(raw)


def test_a_picture_in_the_text_is_called_by_its_name(write: Write) -> None:
    answer = replace(ANSWER, text="See [cid:image001.png@01DC5A1B.2C3D4E50] and [cid:x] and [cid: no].")
    assert "See [image001.png] and [x] and [cid: no]." in words_of(
        write(letter("response", "requester"), entry=answer).raw
    )
