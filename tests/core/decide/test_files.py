"""Files too large for one letter: they follow an answer, and agents fetch them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import decide, files
from maild.core.files import KeptFile
from maild.core.model import AddEntry, Attachment, Entry, EntryKind, Outcome, Purpose, SendLetter

KAREN, JOHN = "karen@customer.example", "john@bank.example"
MB = 1_000_000
HELD = ("7 0 4000000 screen 1.png", "7 1 9000000 film.mp4", "9 0 100 Log file.txt", "11 2 30000000 dump.bin")


def attachment(name, size=100, index=0, **more):
    usual = {"content_type": "application/octet-stream", "sniffed_type": "", "sha256": ""}
    return Attachment(index=index, filename=name, size=size, **{**usual, **more})


def run(judge, text, ticket=None, **more):
    john = judge.policy.agents["john"]
    return decide.on_command(ticket or judge.ticket(), text, john, judge.policy, judge.now, **more)


def letters(outcome, template):
    return [c.letter for c in outcome.changes if isinstance(c, SendLetter) and c.letter.template == template]


def test_what_does_not_fit_follows_the_answer_in_letters_of_its_own(judge):
    came = [
        attachment("a.pdf", 6 * MB, 0),
        attachment("film.mp4", 31 * MB, 1),
        attachment("b.pdf", 3 * MB, 2),
        attachment("c.pdf", 5 * MB, 3),
        attachment("logo.png", 9_000, 4, inline=True, content_id="x"),
        attachment("d.pdf", 4 * MB, 5),
    ]
    outcome = run(judge, "Here you are.", files=came, mail_id=9)
    (answer,) = letters(outcome, "response")
    late = letters(outcome, "further-files")
    assert (answer.attachments_of, answer.files) == (9, ())
    assert [letter.files for letter in late] == [(1,), (3, 5)]
    assert [letter.context for letter in late] == [{"part": 1, "parts": 2}, {"part": 2, "parts": 2}]
    assert {(letter.to.email, letter.attachments_of, letter.purpose) for letter in late} == {
        (KAREN, 9, Purpose.REQUESTER_REPLY)
    }
    assert all(letter.automatic and letter.lane > answer.lane for letter in late)


def test_a_note_sends_nothing_after_it(judge):
    assert not letters(run(judge, "#note\nsee", files=[attachment("film.mp4", 31 * MB)], mail_id=9), "further-files")


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("#files", [(7, (0,)), (7, (1,)), (9, (0,)), (11, (2,))]),
        ("#files film", [(7, (1,))]),
        ("#files LOG FILE", [(9, (0,))]),
        ("#files .", [(7, (0,)), (7, (1,)), (9, (0,)), (11, (2,))]),
    ],
)
def test_an_agent_fetches_files(judge, line, sent):
    outcome = run(judge, line, replace(judge.ticket(), files=HELD))
    found = letters(outcome, "files")
    assert [(letter.attachments_of, letter.files) for letter in found] == sent
    assert {letter.to.email for letter in found} == {JOHN}
    assert [letter.context["part"] for letter in found] == list(range(1, len(sent) + 1))
    assert not [c for c in outcome.changes if isinstance(c, SendLetter) and c.letter.template != "files"]


@pytest.mark.parametrize(
    ("line", "held", "why", "meant"),
    [
        ("#files", (), "no files have come along on this ticket", ""),
        ("#files fiml.mp4", HELD, "no file of this ticket is called “fiml.mp4”", "#files film.mp4"),
        ("#files", tuple(f"{n} 0 1 x{n}" for n in range(30)), "these 30 files would be 30 letters", "#files x29"),
    ],
)
def test_what_cannot_be_fetched_is_said(judge, line, held, why, meant):
    outcome = run(judge, line, replace(judge.ticket(), files=held))
    (mistake,) = decide.refused(outcome)
    assert mistake["why"].startswith(why)
    assert mistake["meant"] == meant
    assert not letters(outcome, "files")


def test_a_ticket_remembers_the_files_of_letters_in_its_thread(judge):
    ticket = replace(judge.ticket(), files=HELD)
    words = Entry(kind=EntryKind.MESSAGE, at=judge.now, author=KAREN, mail_id=12)
    came = (
        attachment("a b.txt", 5, 0),
        attachment("logo.png", 5, 1, inline=True),
        attachment("big.png", 30_000, 2, inline=True),
    )
    after = files.remembered(Outcome(after=ticket, changes=(AddEntry(words),)), 12, came).after
    assert files.of_ticket(after)[4:] == (KeptFile(12, 0, 5, "a b.txt"), KeptFile(12, 2, 30_000, "big.png"))
    filed = Outcome(after=ticket)
    assert files.remembered(filed, 12, came) is filed


SIZES = st.lists(st.integers(0, 30 * MB), max_size=30)


@given(SIZES, st.integers(1, 20 * MB))
def test_parcels_hold_every_file_once_and_keep_to_the_limit(sizes, most):
    held = [KeptFile(place // 4, place, size, "x") for place, size in enumerate(sizes)]
    packed = files.parcels(held, most)
    assert [file for parcel in packed for file in parcel] == held
    assert all(len(parcel) == 1 or sum(file.size for file in parcel) <= most for parcel in packed)
    assert all(len({file.mail_id for file in parcel}) == 1 for parcel in packed)
    taken = files.fitting(sizes, most)
    assert sum(sizes[place] for place in taken) <= most
    left = most - sum(sizes[place] for place in taken)
    assert all(sizes[place] > left for place in set(range(len(sizes))) - set(taken))
