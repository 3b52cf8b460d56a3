"""What came in: a letter as a door hands it over and as we understood it, and what the door may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

Day: TypeAlias = date  # a Message has a field of the name


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as written in a header: display name (may be empty) and addr-spec."""

    email: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Raw bytes and how they came; what a door hands to `desk.accept`.

    `mail_from` is "" for the null sender; `rcpts` are those of our addresses the
    letter was sent to; `peer` is the address of who handed it over, `door` the name
    of the door ("smtp", "pipe", …).
    """

    raw: bytes
    mail_from: str
    rcpts: tuple[str, ...]
    received_at: datetime
    door: str
    peer: str = ""
    helo: str = ""
    confirmed: bool = False  # it was held back and then released: the author's identity is settled
    agent: str = ""  # key of the agent who proved to be one when handing it in (SMTP AUTH)


class Kind(StrEnum):
    """What sort of letter this is; only HUMAN letters speak for a person."""

    HUMAN = "human"
    LIST = "list"  # from a mailing list or newsletter: may be a request, never answered
    AUTOMATIC = "automatic"  # auto-reply, auto-generated (RFC 3834)
    BOUNCE = "bounce"  # delivery status (RFC 3464) or its home-made relatives
    REPORT = "report"  # feedback report (RFC 5965), disposition notification (RFC 8098)


class Nature(StrEnum):
    """What a letter is in particular, finer than its kind; PLAIN where the kind says all."""

    PLAIN = ""
    AUTO_REPLY = "auto-reply"  # AUTOMATIC: answers every letter
    ABSENCE = "absence"  # AUTOMATIC: somebody is out of office
    CALENDAR_ANSWER = "calendar-answer"  # AUTOMATIC: an invitation accepted or declined (RFC 5546)
    CHALLENGE = "challenge"  # AUTOMATIC: asks the sender to prove being a person
    VERIFICATION = "verification"  # AUTOMATIC: brings a one-time code or link that proves who reads our mail
    PERMANENT = "permanent"  # BOUNCE: it will never be delivered
    TEMPORARY = "temporary"  # BOUNCE: not delivered, though it might have been at another time
    DELAYED = "delayed"  # BOUNCE: not delivered yet
    DELIVERED = "delivered"  # REPORT: a delivery receipt (RFC 3464 section 2.3.3)
    READ = "read"  # REPORT: a read receipt (RFC 8098)
    COMPLAINT = "complaint"  # REPORT: somebody called our letter spam (RFC 5965)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One part of a letter that is a file. Its bytes stay in the raw letter.

    `index` finds it again: `core.mail.content(raw, index)`.
    """

    index: int
    filename: str  # safe to show and to write: see core.mail.attachments
    content_type: str  # as declared
    sniffed_type: str  # as its first bytes say; "" where they say nothing
    size: int
    sha256: str
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedRecipient:
    """One recipient a delivery report speaks of (RFC 3464 section 2.3)."""

    address: str
    status: str = ""  # enhanced code "5.1.1", "" if not told
    action: str = ""  # failed, delayed, delivered, relayed, expanded
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a delivery report or a complaint says."""

    recipients: tuple[BouncedRecipient, ...] = ()
    original_message_id: str = ""
    permanent: bool | None = None
    original_mail_from: str = ""  # envelope sender of the letter complained of (RFC 5965 section 3.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What we understood of a letter. Any bytes give one; damage is in `defects`."""

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_: tuple[Address, ...] = ()  # every address of every From field
    sender: Address | None = None  # the one author; None unless exactly one From with one address
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lower-case name → decoded values, in order
    text: str = ""  # the whole readable text
    html: str = ""  # the letter's HTML as decoded, unsafe
    new_text: str = ""  # what this person wrote: no quotes, signature, footers
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = Kind.HUMAN
    kind_reason: str = ""  # which sign decided the kind
    answerable: bool = True  # False: send nothing automatic in answer (RFC 3834 section 2)
    bounce: Bounce | None = None
    defects: tuple[str, ...] = ()
    nature: Nature = Nature.PLAIN
    absent_until: Day | None = None  # last day of an ABSENCE, where it says one
    courtesy: str = ""  # "thanks", "emoji", "reaction", "empty": a letter that says nothing more; "" if it must be read
    calendar_answer: str = ""  # of a CALENDAR_ANSWER: "accepted", "declined", "tentative"
    importance: str = ""  # "high" or "low" as the sender's program says; "" is neither
    spam: str = ""  # "yes" or "no" as spam filters on the way have written, the worst counts; "": none has looked
    spam_score: float | None = None  # the highest they gave; each has a scale of its own
    signed: bool = False  # carries a signature (S/MIME or OpenPGP); nobody has verified it
    encrypted: bool = False  # cannot be read without a key

    def header(self, name: str) -> str:
        """The first value of a header field, "" if absent."""
        values = self.headers.get(name.lower(), ())
        return values[0] if values else ""


class Receipt(StrEnum):
    """The answer a door translates into its protocol."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # already ours: the same answer as accepted
    TRY_LATER = "try later"  # the sender still owns the letter
    NO_SPACE = "no space"  # the same, said more precisely
