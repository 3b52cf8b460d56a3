"""text/calendar: what it says, and whether it answers an invitation."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.mail import read as read_letter
from maild.core.mail.calendars import read
from maild.core.model import Kind

EVENT = (
    "BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n{lines}\r\nBEGIN:VALARM\r\nDESCRIPTION:ring\r\nEND:VALARM\r\n"
    "END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:another\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("SUMMARY:Visit", "Visit"),
        ("SUMMARY;LANGUAGE=de:Besuch\\, kurz", "Besuch, kurz"),
        ("SUMMARY:A long sum\r\n mary", "A long summary"),
        ("DTSTART;VALUE=DATE:20241108\r\nSUMMARY:Day", "Day\nFrom: 2024-11-08"),
        ('DTSTART;TZID="Europe/Berlin":20241108T090000', "From: 2024-11-08 09:00 (Europe/Berlin)"),
        ("DTEND:20241108T103000Z", "Until: 2024-11-08 10:30 UTC"),
        ("DTSTART:tomorrow", "From: tomorrow"),
        ("DESCRIPTION:one\\ntwo\\\\three", "one\ntwo\\three"),
        ("X-NOTHING:here", ""),
    ],
)
def test_text(lines: str, text: str) -> None:
    assert read(EVENT.format(method="REQUEST", lines=lines)).text == text


@pytest.mark.parametrize(
    ("method", "attendee", "answer"),
    [
        ("REPLY", 'ATTENDEE;PARTSTAT=DECLINED;CN="Karen; Buying":mailto:k@customer.example', "DECLINED"),
        ("reply", "ATTENDEE;CN=Karen;PARTSTAT=tentative:MAILTO:k@customer.example", "TENTATIVE"),
        ("REPLY", "SUMMARY:none", ""),
        ("REQUEST", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:k@customer.example", ""),
    ],
)
def test_answer(method: str, attendee: str, answer: str) -> None:
    assert read(EVENT.format(method=method, lines=attendee)).answer == answer


def test_a_letter_with_words_of_its_own_is_read_by_them() -> None:
    letter = (
        "From: k@customer.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        "Shall we meet?\n--b\nContent-Type: text/calendar; method=REQUEST\n\n"
        + EVENT.format(method="REQUEST", lines="SUMMARY:Visit").replace("\r\n", "\n")
        + "--b--\n"
    )
    message = read_letter(letter.encode())
    assert message.text.strip() == "Shall we meet?"
    assert (message.kind, message.calendar_answer) == (Kind.HUMAN, "")


@given(st.text(alphabet='BEGIN:VEVENT\r\n ;="\\,TZID20241108T0900Zé', max_size=300))
def test_any_text_is_read(text: str) -> None:
    read(text)
    read(EVENT.format(method="REPLY", lines=text.replace("{", "")))


@pytest.mark.parametrize("piece", ["\r\n ", "A;", 'A;"', "BEGIN:VEVENT\r\n", "ATTENDEE;PARTSTAT=", 'A;B=""', "\\"])
def test_linear(piece: str) -> None:
    begun = time.process_time()
    read("BEGIN:VEVENT\r\n" + piece * (1_000_000 // len(piece)))
    assert time.process_time() - begun < 1
