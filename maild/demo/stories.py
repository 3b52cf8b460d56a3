"""Two tickets from the first letter to the last, as a bank's help desk lives through them.

`outage`: Karen's online banking is down; John takes it in, hands it over; Jane solves it.
`escalation`: Ken's ticket goes straight to the system administrators as Sev-A.
Each step waits for the letter it needs, so a story that ends has been seen to work.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from maild.core.model import Status
from maild.demo.people import File, Mail, NotArrived, Person, mutt, outlook, phone
from maild.demo.stage import Stage

Tell = Callable[[str], None]
NOTE = "Checked with the data centre: their load balancer reports all back ends as healthy. Suspect the session cache."
FINDINGS = "Found it: the session cache is full, every login is refused. Fail-over to the second node is running."


@dataclass(slots=True)
class Played:
    """What is left on stage when a story is over."""

    number: int
    requester: Person
    agents: dict[str, Person]


def outage(stage: Stage, tell: Tell) -> Played:
    """Intake, assignment, communication, working, resolution, closure, review: one ticket, all by mail."""
    karen = stage.person("Karen Black", "karen@customer.example", phone)
    john, jane = stage.agent("john", mutt), stage.agent("jane", outlook)
    number = _intake(stage, tell, karen, john)
    reply, noted = _working(stage, tell, karen, john, jane)
    _closing(stage, tell, number, reply, noted)
    return Played(number, karen, {"john": john, "jane": jane})


def _intake(stage: Stage, tell: Tell, karen: Person, john: Person) -> int:
    """Karen's letter becomes a ticket; John judges it and hands it over."""
    tell("Karen writes to the help desk, a screenshot attached")
    karen.writes(
        stage.app.policy.addresses[0].email,
        "Mobile and online banking is down",
        "Hello,\n\nneither the app nor the website lets me in since 9 this morning. The screenshot\n"
        "shows what I see. I have to pay salaries today!\n\nKaren Black",
        [File("screenshot.png", screenshot())],
    )
    acknowledged = karen.got("arrived safely")
    tell(f"Karen gets an acknowledgement: “{acknowledged.subject}”")
    alert = john.got("Karen", "salaries today")
    tell(f"John gets the alert with the screenshot; its first line: “{first_line(alert)}”")
    john.answers(
        alert,
        f"#sla sev-a\n#topic business critical outage\n#priority emergency\n#team online banking\n#note\n\n{NOTE}",
    )
    stage.settle()
    tell("John answers from mutt: #sla sev-a, #topic, #priority emergency, #team online banking, and a note")
    tell(f"John gets a transcript: “{john.got('Sev-A', 'emergency').subject}”")
    return number_of(acknowledged)


def _working(stage: Stage, tell: Tell, karen: Person, john: Person, jane: Person) -> tuple[Mail, Mail]:
    """Jane takes it, asks Karen, and finds the cause; Jane's newest alert and John's are the answer."""
    handed = jane.got("Online Banking")
    tell(f"Jane, of the Online Banking Team, gets the ticket: “{handed.subject}”")
    jane.answers(handed, "#take")
    stage.settle()
    tell("Jane answers #take")
    jane.answers(
        handed,
        "Dear Karen,\n\nwe see the problem and are working on it. Does the app show error code 17 or 23?\n\nJane",
    )
    answer = karen.got("error code 17 or 23")
    tell(f"Karen gets Jane's answer from {answer.message.sender}: “{answer.subject}”")
    karen.answers(answer, "It is code 23, on both phones.")
    reply = jane.got("code 23")
    tell("Karen answers from her phone; Jane gets it")
    jane.answers(reply, f"#note\n{FINDINGS}")
    noted = john.got("session cache is full")
    tell(f"Jane notes her findings; John, who watches, reads them: “{noted.subject}”. Karen never does")
    return reply, noted


def _closing(stage: Stage, tell: Tell, number: int, reply: Mail, noted: Mail) -> None:
    """Solved, told once, closed by the clock, reviewed by John."""
    karen, john, jane = stage.people.values()
    jane.answers(
        reply,
        "Dear Karen,\n\nonline and mobile banking work again: a full session cache refused all logins.\n"
        "Please sign in once more and your payments can go out.\n\nJane\n#resolved",
    )
    closure = karen.got("work again")
    tell(f"Jane answers with the solution and #resolved; Karen gets one closing mail: “{closure.subject}”")
    tell(f"John sees it: “{john.got('resolved').subject}”")
    expect(stage.ticket(number).status == Status.RESOLVED, "the ticket is resolved")
    stage.forward(days=4)
    expect(stage.ticket(number).status == Status.CLOSED, "the ticket is closed")
    tell("Three days pass without a word from Karen; the ticket closes by itself, silently")
    john.answers(noted, "#log")
    log = john.got("Jane Doe", "→", "closed")
    tell("John asks for the #log and sees who did what:")
    for line in log.text.splitlines():
        if "→" in line or line.rstrip().endswith(("answer:", "note:", "message:")):
            tell(f"    {line.strip().rstrip(':')}")


def escalation(stage: Stage, tell: Tell) -> Played:
    """Ken's ticket is forwarded to the System Administrators as Sev-A and resolved by them."""
    desk = stage.app.policy.addresses[0].email
    ken = stage.person("Ken Hill", "ken@branch.example", outlook)
    john, sam = stage.agent("john", mutt), stage.agent("sam", phone)

    tell("Ken writes that the branch's file server does not answer")
    ken.writes(desk, "File server in branch 12 does not answer", "Nobody here can open a file. It began an hour ago.")
    number = number_of(ken.got("arrived safely"))
    alert = john.got("open a file")
    john.answers(
        alert, "#sla sev-a\n#team system administrators\n#note\nThird time this week, please look at the disks."
    )
    handed = sam.got("file server")
    tell(f"John hands it to the System Administrators as Sev-A; Sam gets “{handed.subject}”")
    sam.answers(
        handed, "#take\n\nHello Ken, a disk failed and its spare is taking over. Please try again.\n\n#resolved"
    )
    closure = ken.got("spare is taking over")
    tell(f"Sam takes it, answers and resolves it in one mail from the phone; Ken gets “{closure.subject}”")
    told = john.got("resolved")
    tell(f"John is told: “{told.subject}”")
    ken.answers(closure, "Sorry, it has stopped again.")
    again = sam.got("stopped again")
    tell(f"Ken answers that it is not solved; the ticket is open again and Sam knows: “{again.subject}”")
    stage.settle()
    expect(stage.ticket(number).status == Status.OPEN, "the ticket is open again")
    sam.answers(again, "Hello Ken, the second disk is replaced as well; it has run for two hours now.\n\n#close")
    final = ken.got("second disk")
    stage.settle()
    expect(stage.ticket(number).status == Status.CLOSED, "the ticket is closed")
    tell(f"Sam replaces the second disk and closes it; Ken gets “{final.subject}”")
    return Played(number, ken, {"john": john, "sam": sam})


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise NotArrived(f"the story expected that {what}")


def number_of(mail: Mail) -> int:
    """The ticket's number, as a person reads it off the subject."""
    found = re.search(r"\[[A-Z0-9]+-(\d+)-[A-Z2-7]{4}\]", mail.subject)
    if not found:
        raise NotArrived(f"“{mail.subject}” carries no ticket number")
    return int(found[1])


def first_line(mail: Mail) -> str:
    """The first line a person reads, after the marker."""
    lines = [line.strip() for line in mail.text.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("##")), "")


def screenshot() -> bytes:
    """A real PNG of 8 × 8 red points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (8).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    rows = (b"\0" + b"\xc0\x20\x20" * 8) * 8
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
