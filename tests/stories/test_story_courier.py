"""What people see of the courier: a relay that renames letters, one that breaks off, letters kept and forgotten."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

from stories_rig import SUPPORT, fates

from maild.core.model import EntryKind
from maild.demo.stage import Stage
from maild.edges.outbound import NO_WISHES, Accepted, Answer, Relay, Temporary, Wishes

SES = "0102018f2c3d4e5f-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-{:06d}"


class Renaming:
    """A relay before the stage's post office that gives every letter an id of its own and drops ours, as SES does."""

    connections = 2
    name = "email-smtp.example:587"

    def __init__(self, onward: Relay) -> None:
        self.onward = onward
        self.given: dict[str, str] = {}  # recipient → the last id
        self.breaks: set[str] = set()  # recipients whose next letter is taken without an answer

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        ses = SES.format(len(self.given))
        self.given[rcpt] = f"{ses}@eu-west-1.amazonses.com"
        raw = re.sub(rb"Message-ID: <[^>]*>", b"Message-ID: <%s>" % self.given[rcpt].encode(), raw, count=1)
        answer = self.onward.send(mail_from, rcpt, raw, before_dot, wishes)
        if rcpt in self.breaks:
            self.breaks.remove(rcpt)
            return Temporary("no answer to the final dot", doubt=True)
        return Accepted(f"250 Ok {ses}") if isinstance(answer, Accepted) else answer

    def close(self) -> None:
        self.onward.close()


def renamed(stage: Stage) -> Renaming:
    """Put such a relay before the post office."""
    breakers = stage.app.courier._relays._breakers
    relay = Renaming(breakers[0].relay)
    breakers[0].relay = relay
    return relay


def test_an_answer_to_the_id_a_relay_gave_finds_its_ticket(stage: Stage) -> None:
    relay = renamed(stage)
    karen, john = stage.person("Karen Black", "karen@customer.example"), stage.agent("john")
    karen.writes(SUPPORT, "Broken", "It does not print.")
    john.answers(john.got("does not print"), "#take\n\nSwitch it off and on again.")
    karen.got("off and on again")
    # Her client keeps no References, and her letter goes to the plain address.
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "karen@customer.example", SUPPORT, "thanks, but"
    answer["Message-ID"] = "<phone1@customer.example>"
    answer["In-Reply-To"] = f"<{relay.given['karen@customer.example']}>"
    answer.set_content("That did not help.")
    with smtplib.SMTP(*stage.app.door.addresses[0], local_hostname="customer.example", timeout=10) as session:
        session.send_message(answer)
    john.got("That did not help")
    assert fates(stage) == ["ticket", "reply", "reply"]


def test_an_answer_that_may_have_arrived_twice_is_noted_in_the_thread(stage: Stage) -> None:
    relay = renamed(stage)
    karen, john = stage.person("Karen Black", "karen@customer.example"), stage.agent("john")
    karen.writes(SUPPORT, "Broken", "It does not print.")
    alert = john.got("does not print")
    stage.settle()
    relay.breaks.add("karen@customer.example")
    john.answers(alert, "#take\n\nSwitch it off and on again.")
    karen.got("off and on again")
    end = time.monotonic() + 10
    while not any(row.error for row in stage.app.store.outbox(state="queued")):  # put off, by the clock as it stands
        assert time.monotonic() < end
        time.sleep(0.01)
    stage.forward(minutes=2)
    number = stage.app.store.tickets()[0].number
    end = time.monotonic() + 10
    while not (told := [one for one in stage.entries(number) if "arrived twice" in one.text]):
        assert time.monotonic() < end
        stage.forward(minutes=1)
    assert [(one.kind, one.public) for one in told] == [(EntryKind.EVENT, False)]
    copies = [mail for mail in karen.inbox if b"off and on again" in mail.raw]
    assert len(copies) == 2


def test_alerts_are_forgotten_after_a_month_and_answers_are_not(stage: Stage) -> None:
    karen, john = stage.person("Karen Black", "karen@customer.example"), stage.agent("john")
    karen.writes(SUPPORT, "Broken", "It does not print.")
    john.answers(john.got("does not print"), "#take\n\nSwitch it off and on again.")
    karen.got("off and on again")
    stage.settle()
    store = stage.app.store

    def kept() -> set[str]:
        return {row.letter.template for row in store.outbox() if store.outbox_raw(row.outbox_id) is not None}

    assert {"new-ticket", "acknowledgement", "response"} <= kept()
    stage.clock.forward(days=29)
    stage.app._forget()
    assert "new-ticket" in kept()
    stage.clock.forward(days=2)
    stage.app._forget()
    assert kept() >= {"response"}
    assert not {"new-ticket", "acknowledgement"} & kept()
    assert all(row.relay_reply for row in store.outbox("sent")), "what became of them is still known"
    assert stage.app.config.outbound.keep_sent == timedelta(days=30)
