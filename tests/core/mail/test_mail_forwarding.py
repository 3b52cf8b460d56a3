"""The letter inside a forwarded letter."""

import pytest

from maild.core.mail.forwarding import original

FORWARDS = {
    "gmail": "FYI\n\n---------- Forwarded message ---------\nFrom: Bob Lee <bob@x.example>\nDate: Mon, Sep 2\nSubject: Lamp\nTo: <ann@x.example>\n\nred",
    "apple": "Begin forwarded message:\n\n> From: Bob Lee <bob@x.example>\n> Subject: Lamp\n> Date: 2 Sep\n> To: ann@x.example\n> \n> red",
    "german": "-------- Weitergeleitete Nachricht --------\nBetreff: \tLamp\nDatum: \tMon\nVon: \tBob Lee <bob@x.example>\nAn: \tann@x.example\n\nred",
    "wrapped": "--- Forwarded by Ann ---\nFrom: Bob Lee\n <bob@x.example>\nTo: ann@x.example\nSubject: Lamp\n\nred",
}


@pytest.mark.parametrize("text", FORWARDS.values(), ids=FORWARDS.keys())
def test_the_original_author(text: str) -> None:
    found = original(text)
    assert found is not None
    assert found.author is not None
    assert (found.author.email, found.author.name) == ("bob@x.example", "Bob Lee")
    assert found.subject == "Lamp"
    assert [address.email for address in found.to] == ["ann@x.example"]


def test_outlook_says_it_in_the_subject_only() -> None:
    text = "See below.\n\nFrom: Bob <bob@x.example>\nSent: Monday\nTo: Ann\nSubject: Lamp\n\nred"
    found = original(text, "FW: Lamp")
    assert found is not None
    assert found.author is not None
    assert found.author.email == "bob@x.example"
    assert original(text, "RE: Lamp") is None


def test_nothing_forwarded() -> None:
    assert original("hello\n\nBye") is None
    assert original("", "Fwd: x") is None
