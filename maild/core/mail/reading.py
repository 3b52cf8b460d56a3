"""From bytes to a Message: the one place where the pieces of this room meet.

It refuses to know tickets, policy and time. Called by the desk through
`maild.core.mail.read`. Total: any bytes give a Message; damage is noted in `defects`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from maild.core.mail import absence, addresses, bounce, headers, machine, protection, quoting, structure
from maild.core.mail.bodies import Body
from maild.core.mail.courtesy import MAX_CHARACTERS, courtesy
from maild.core.mail.machine import Judgement
from maild.core.mail.spam import spam
from maild.core.model import Address, Attachment, Bounce, Day, Kind, Message, Nature

MAX_LOGO = 20_000  # bytes of an image in a signature; what people paste into a letter is larger
_ADDRESSES = ("from", "reply-to", "to", "cc")
_RESULTS = headers.RESULTS.decode("ascii")


def read(raw: bytes) -> Message:
    """Everything we understand of a letter. Never raises; time is linear in its size."""
    try:
        return _read(raw)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not lose a letter's subject and sender
        defect = f"not understood: {type(error).__name__}: {error}"[:200]
    try:
        fields = headers.split(raw, 0, len(raw)).body
        message = _read(raw[:fields])
        return replace(message, answerable=False, defects=(*message.defects, defect))
    except Exception:  # noqa: BLE001 - nor may it lose the letter
        return Message(answerable=False, defects=(defect,))


def content(raw: bytes, index: int) -> bytes:
    """The decoded bytes of `Message.attachments[index]`; b"" if there is none."""
    try:
        raw = _newlines(raw)
        root, _, _ = _opened(raw)
        files = Body(raw, root).files
        return files[index].data(raw) if 0 <= index < len(files) else b""
    except Exception:  # noqa: BLE001 - as in `read`: what was not understood has no files
        return b""


def _newlines(raw: bytes) -> bytes:
    """Letters with bare CR as line ends (old Macs, broken pipes) get LF; blank lines before the header go."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    if raw[:1].isspace():
        blanks = headers.BLANKS.match(raw)
        return raw[blanks.end() :] if blanks else raw
    return raw


def _opened(raw: bytes) -> tuple[structure.Part, headers.Block, list[str]]:
    block = headers.split(raw, 0, len(raw))
    root, defects = structure.tree(raw, structure.fields_of(block), block.body, len(raw))
    return root, block, defects


def _read(raw: bytes) -> Message:
    raw = _newlines(raw)
    root, block, defects = _opened(raw)
    written, decoded = _fields(block, root.parameters.get("charset", ""))
    boxes = {name: _addresses(written.get(name, ())) for name in _ADDRESSES}
    subject = _first(decoded, "subject")
    body = Body(raw, root)
    marked = body.text()
    text = quoting.unmarked(marked)
    new_text = quoting.new_text(marked, subject)
    files = tuple(body.attachments())
    date = headers.first_date(decoded.get("date", ()))
    judged = machine.judge(decoded, boxes["from"], root, text, body.calendar)
    report = None
    if judged.kind is Kind.BOUNCE:
        own = [address.email for name in _ADDRESSES for address in boxes[name]]
        report = bounce.read(raw, root, decoded, own, text)
        judged = _delivery(judged, report)
    elif judged.nature is Nature.COMPLAINT:
        report = bounce.complaint(raw, root, text)
    absent_until = _absent_until(judged, new_text, date, subject)
    signed, encrypted = protection.of(root, text)
    filtered = spam(decoded)
    return Message(
        message_id=headers.message_id(_first(decoded, "message-id")),
        in_reply_to=headers.message_ids(" ".join(decoded.get("in-reply-to", ()))),
        references=headers.message_ids(" ".join(decoded.get("references", ()))),
        from_=boxes["from"],
        sender=boxes["from"][0] if len(written.get("from", ())) == 1 == len(boxes["from"]) else None,
        reply_to=boxes["reply-to"],
        to=boxes["to"],
        cc=boxes["cc"],
        subject=subject,
        date=date,
        headers=decoded,
        text=text,
        html="\n".join(body.html),
        new_text=new_text,
        attachments=files,
        kind=judged.kind,
        kind_reason=judged.reason,
        answerable=judged.answerable,
        bounce=report,
        defects=tuple(dict.fromkeys((*block.defects, *defects, *body.defects))),
        nature=Nature.ABSENCE if absent_until else judged.nature,
        absent_until=absent_until,
        courtesy=_courtesy(judged.kind, new_text, subject, files, boxes["from"]),
        calendar_answer=body.calendar.answer.lower() if body.calendar else "",
        importance=_importance(decoded),
        signed=signed,
        encrypted=encrypted,
        spam=filtered.verdict,
        spam_score=filtered.score,
    )


def _absent_until(judged: Judgement, text: str, date: datetime | None, subject: str) -> Day | None:
    """The last day somebody is away, where an automatic answer says so."""
    if judged.nature not in (Nature.ABSENCE, Nature.AUTO_REPLY) or date is None:
        return None
    found = absence.until(text, date.date(), subject)
    return found.returns - timedelta(days=1) if found else None


def _courtesy(kind: Kind, text: str, subject: str, files: tuple[Attachment, ...], authors: tuple[Address, ...]) -> str:
    """Which courtesy a person's letter is and nothing more; the logo of a signature is no file of theirs."""
    if len(text) > MAX_CHARACTERS or kind is not Kind.HUMAN:
        return ""
    sent = any(not file.content_id or file.size > MAX_LOGO for file in files)
    return courtesy(text, subject=subject, files=sent, names=[author.name for author in authors]) or ""


def _delivery(judged: Judgement, report: Bounce) -> Judgement:
    """A report that nothing but good is said in is a receipt; of a bad one, how bad."""
    actions = {recipient.action for recipient in report.recipients}
    if actions and actions <= bounce.GOOD:
        return judged._replace(kind=Kind.REPORT, nature=Nature.DELIVERED)
    if actions == {"delayed"}:
        return judged._replace(nature=Nature.DELAYED)
    return judged._replace(nature=Nature.TEMPORARY if report.permanent is False else Nature.PERMANENT)


def _importance(fields: dict[str, tuple[str, ...]]) -> str:
    """RFC 2156 section 5.3.4 and its relatives: numbers from 1, the most important, to 5."""
    for name in ("importance", "x-priority", "x-msmail-priority", "priority"):
        if name in fields:
            value = fields[name][0].strip().lower()
            return (
                "high"
                if value[:1] in "12hu" and value
                else "low"
                if value[:1] in "45l" or value == "non-urgent"
                else ""
            )
    return ""


def _fields(block: headers.Block, charset: str) -> tuple[dict[str, list[str]], dict[str, tuple[str, ...]]]:
    """Every field as written (unfolded) and as meant (words decoded, controls gone), by lower-case name."""
    written: dict[str, list[str]] = {}
    decoded: dict[str, tuple[str, ...]] = {}
    for name, value in block.fields:
        text = headers.text_of(value, charset)
        # most fields are plain words: not calling for them is a tenth of the time of a short letter
        if "=?" not in text and text.isprintable():
            meant = text
        else:  # decoded results would have separators where a stranger's envelope sender spelled them as words
            meant = headers.clean(text) if name == _RESULTS else headers.decode_words(text)
        if name in written:
            written[name].append(text)
            decoded[name] += (meant,)
        else:
            written[name] = [text]
            decoded[name] = (meant,)
    return written, decoded


def _first(fields: dict[str, tuple[str, ...]], name: str) -> str:
    values = fields.get(name, ())
    return values[0] if values else ""


def _addresses(values: list[str] | tuple[()]) -> tuple[Address, ...]:
    found = [address for value in values for address in addresses.parse(value)]
    return tuple(found[: addresses.MAX_ADDRESSES])
