"""Challenges: never answered, and not every wish for a confirmation is one."""

import pytest

from maild.core.mail.challenge import sign

CHALLENGES = [
    ("Please confirm your message", "This mailbox is protected by TMDA. Please reply to this message and your message will be delivered."),
    ("Sender verification required", "Your e-mail has not been delivered yet. Click the link to have your message released."),
    ("Re: Printer (your message requires confirmation)", "Bob uses an antispam service: prove that you are a human."),
    ("Bitte bestätigen Sie Ihre Nachricht", "Ihre Nachricht wurde zurückgehalten, weil der Empfänger Sie noch nicht kennt."),
    ("Demande d'authentification", "Votre message a été mis en attente."),
]  # fmt: skip

HUMAN = [
    ("Please confirm your message of Monday", "We need the toner by Friday."),
    ("Printer", "My mail to Bob has been held by his spam filter. What can I do?"),
    ("Action required: invoice 7", "Please pay by Friday."),
    ("", ""),
]


@pytest.mark.parametrize(("subject", "text"), CHALLENGES)
def test_challenge(subject: str, text: str) -> None:
    assert sign({"subject": (subject,)}, text)


@pytest.mark.parametrize(("subject", "text"), HUMAN)
def test_human(subject: str, text: str) -> None:
    assert sign({"subject": (subject,)}, text) == ""


def test_by_the_filters_own_field() -> None:
    assert sign({"x-boxbe-challenge": ("1",)}, "")
