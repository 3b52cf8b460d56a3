"""What a letter was understood to say, as plain JSON-able values with neutral names.

It refuses to judge: where a field depends on tickets or policy it is left out. Called by
`maild read` and by whoever compares this room with others on a corpus of letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maild.core.mail import addresses, forwarding, html, quoting
from maild.core.mail.reading import read
from maild.core.model import Address, Kind, Message


def corpus_answer(raw: bytes, context: Mapping[str, Any]) -> dict[str, Any]:
    """The reading of one letter. `context` may be empty."""
    message = read(raw)
    own = quoting.own(message.text, message.subject)
    visible = quoting.shown(message.new_text, message.text)
    failed = message.bounce.recipients if message.bounce else ()
    sender = _of(message, "sender")
    return {
        "from_address": message.from_[0].email if message.from_ else "",
        "from_name": message.from_[0].name if message.from_ else "",
        "to": [address.email for address in message.to],
        "cc": [address.email for address in message.cc],
        "reply_to": [address.email for address in message.reply_to],
        "sender": sender[0].email if sender else None,
        "effective_from": _effective(message),
        "crypto": {"encrypted": message.encrypted, "signed": message.signed},
        "forwarded_original": _forwarded(raw, message),
        "subject": message.subject,
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "references": list(message.references),
        "date": message.date.isoformat() if message.date else None,
        "body_text": message.text,
        "body_html": message.html,
        "safe_html": html.safe_html(message.html) if message.html else "",
        "visible_reply": visible,
        "visible_reply_with_signature": f"{visible}\n{own.signature}" if own.signature else visible,
        "attachments": [
            {"filename": file.filename, "content_type": file.content_type, "size": file.size, "sha256": file.sha256}
            for file in message.attachments
        ],
        "is_bounce": message.kind is Kind.BOUNCE,
        "is_auto_reply": message.kind is Kind.AUTOMATIC
        or message.kind_reason.startswith("Subject:")
        or message.header("auto-submitted").lower().startswith("auto-replied"),
        "is_feedback_report": message.kind is Kind.REPORT,
        "auto_response_allowed": message.answerable,
        "bounce_recipients": [recipient.address for recipient in failed],
        "bounce_status": [recipient.status for recipient in failed],
        "bounce_permanent": message.bounce.permanent if message.bounce else None,
        "kind": message.kind.value,
        "nature": message.nature.value,
        "absent_until": message.absent_until.isoformat() if message.absent_until else None,
        "courtesy": message.courtesy,
        "calendar_answer": message.calendar_answer,
        "importance": message.importance,
        "is_spam": message.spam == "yes",
        "spam_score": message.spam_score,
        "bounce_of_message_id": message.bounce.original_message_id if message.bounce else "",
    }


def _of(message: Message, name: str) -> tuple[Address, ...]:
    return addresses.parse(message.header(name))


def _effective(message: Message) -> str:
    """Who wrote, where a list put its own address into From (DMARC): the author it names elsewhere."""
    author = message.from_[0].email if message.from_ else ""
    named = _of(message, "x-original-from")
    if named and message.reply_to and named[0].email.lower() == message.reply_to[0].email.lower():
        return named[0].email
    sender = _of(message, "x-original-sender")
    return sender[0].email if sender and not named else author


def _forwarded(raw: bytes, message: Message) -> dict[str, Any] | None:
    found = forwarding.of_letter(raw, message)
    if found is None:
        return None
    return {
        "from_address": found.author.email if found.author else "",
        "subject": found.subject,
        "to": [address.email for address in found.to],
        "cc": [address.email for address in found.cc],
    }
