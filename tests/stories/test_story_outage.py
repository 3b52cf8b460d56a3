"""Karen's outage from her first letter to the silent closing, looked at from her mailbox and her agents'."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

import pytest
from stories_rig import automatic, fates, files, header, ids, parsed, reply_address, words, written

from maild.config import load
from maild.core.model import Status
from maild.demo.people import File, phone
from maild.demo.stage import Stage
from maild.demo.stories import FINDINGS, NOTE, Played, escalation, outage, screenshot


@dataclass(frozen=True, slots=True)
class Told:
    """A story that is over, and the stage it was played on."""

    stage: Stage
    played: Played


@pytest.fixture(scope="module")
def told(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Karen's outage, played once, to be looked at."""
    home = shutil.copytree(made, tmp_path_factory.mktemp("outage") / "desk")
    with Stage(load(home / "config.toml")) as stage:
        played = outage(stage, lambda line: None)
        stage.settle()
        yield Told(stage, played)


def test_karen_never_reads_a_word_of_the_notes(told: Told) -> None:
    read = "\n".join(words(mail) for mail in told.played.requester.inbox).casefold()
    for sentence in (NOTE, FINDINGS):
        for word in ("load balancer", "healthy", "suspect", "fail-over", "data centre", "every login"):
            assert word not in read
        assert sentence.casefold() not in read
    assert "#note" not in read
    # The agents did read them, so the search above can find something.
    agents = "\n".join(words(mail) for mail in told.played.agents["john"].inbox)
    assert "load balancer" in agents
    assert "session cache is full" in agents


def test_karen_gets_three_letters_and_one_closing(told: Told) -> None:
    acknowledgement, answer, closure = told.played.requester.inbox
    assert "arrived safely" in words(acknowledgement)
    assert "error code 17 or 23" in words(answer)
    assert "work again" in words(closure)
    assert words(closure).count("consider your request") == 2  # once in the text, once in its HTML twin
    assert told.stage.ticket(told.played.number).status == Status.CLOSED
    assert told.stage.lost == []


def test_every_letter_is_accounted_for_once(told: Told) -> None:
    assert len(fates(told.stage)) == written(told.stage)
    assert fates(told.stage) == ["ticket", "note", "command", "reply", "reply", "note", "reply", "command"]
    assert [row.ticket for row in told.stage.app.store.ledger(limit=100)] == [told.played.number] * written(told.stage)


def test_threads_hold_in_every_mailbox(told: Told) -> None:
    """Each letter to Karen answers her last one and names the whole thread; no two share an id."""
    karen = [row.message_id for row in reversed(told.stage.app.store.ledger(limit=100)) if "customer" in row.mail_from]
    first, second = (f"<{one}>" for one in karen)
    acknowledgement, answer, closure = told.played.requester.inbox
    for mail, last in ((acknowledgement, first), (answer, first), (closure, second)):
        assert ids(header(mail, "In-Reply-To")) == [last]
        assert ids(header(mail, "References"))[-1] == last
        assert first in ids(header(mail, "References"))
    everybody = [mail for person in told.stage.people.values() for mail in person.inbox]
    every = [header(mail, "Message-ID") for mail in everybody]
    assert len(set(every)) == len(every)
    assert all(len(ids(one)) == 1 for one in every)
    # Whatever a client threads by, it finds one root for the whole ticket.
    assert len({ids(header(mail, "References"))[0] for mail in everybody}) == 1


def test_who_it_is_from_and_what_is_automatic(told: Told) -> None:
    acknowledgement, answer, closure = told.played.requester.inbox
    names = [parseaddr(header(mail, "From")) for mail in told.played.requester.inbox]
    assert [address for _, address in names] == ["support@bank.example"] * 3
    assert [name for name, _ in names] == [
        "Example Bank Support",
        "Jane Doe (Example Bank Support)",
        "Jane Doe (Example Bank Support)",
    ]
    assert [automatic(mail) for mail in (acknowledgement, answer, closure)] == [True, False, False]
    assert header(acknowledgement, "Auto-Submitted") == "auto-replied"
    for agent in told.played.agents.values():
        assert all(automatic(mail) for mail in agent.inbox)
    for mail in (mail for person in told.stage.people.values() for mail in person.inbox):
        message = parsed(mail)
        assert not message.defects
        assert not any(part.defects for part in message.walk())
        assert header(mail, "Date")
        assert reply_address(mail).startswith("support+")


def test_files_travel_byte_for_byte_in_both_directions(stage: Stage) -> None:
    karen, john = stage.person("Karen Black", "karen@customer.example", phone), stage.agent("john")
    karen.writes("support@bank.example", "Broken", "Look.", [File("screenshot.png", screenshot())])
    alert = john.got("Look.")
    assert files(alert) == {"screenshot.png": screenshot()}
    form = bytes(range(256)) * 300
    john.answers(alert, "Please fill in the form.", [File("form.pdf", form), File("Übersicht 📎.txt", b"\r\n.\r\nend")])
    answer = karen.got("fill in the form")
    assert files(answer) == {"form.pdf": form, "Übersicht 📎.txt": b"\r\n.\r\nend"}
    karen.answers(answer, "Here it is.", [File("form filled in.pdf", form[::-1])])
    assert files(john.got("Here it is."))["form filled in.pdf"] == form[::-1]


def test_kens_escalation_is_told_to_the_end(stage: Stage) -> None:
    played = escalation(stage, lambda line: None)
    stage.settle()
    ken = played.requester.inbox
    assert not any("look at the disks" in words(mail) for mail in ken)
    assert len([mail for mail in ken if "consider your request" in words(mail)]) == 1
    assert len([mail for mail in ken if "we have closed" in words(mail)]) == 1
    assert len(fates(stage)) == written(stage)
    assert stage.lost == []
    for mail in ken:
        assert ids(header(mail, "In-Reply-To"))
        assert _first_id(stage, played.number) in ids(header(mail, "References"))


def _first_id(stage: Stage, number: int) -> str:
    return f"<{next(e.message_id for e in stage.entries(number) if e.message_id)}>"


def test_johns_screenshot_is_karens(told: Told) -> None:
    with_file = [mail for mail in told.played.agents["john"].inbox if files(mail)]
    assert [files(mail) for mail in with_file] == [{"screenshot.png": screenshot()}]
    assert all("screenshot.png" not in files(mail) for mail in told.played.requester.inbox)
