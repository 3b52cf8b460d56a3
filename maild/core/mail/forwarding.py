"""The letter inside a letter that somebody passed on, as far as its header block tells.

It refuses to believe it: what stands there is what the forwarder's program, or the
forwarder, wrote. Called on demand, by whoever opens a ticket in the original author's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from maild.core.mail import addresses, headers, telltale
from maild.core.mail.reading import content, read
from maild.core.model import Address, Message

MAX_LINES = 400  # searched for the beginning of the forwarded letter
MAX_BLOCK = 40  # lines of its header block, wrapped recipients included


class Original(NamedTuple):
    """Who wrote the forwarded letter to whom about what."""

    author: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str


def of_letter(raw: bytes, message: Message | None = None) -> Original | None:
    """The letter passed on in `raw`: written out in its text, else attached. `message` spares reading it again."""
    message = message or read(raw)
    found = original(message.text, message.subject)
    if found is not None:
        return found
    attached = next((file.index for file in message.attachments if file.content_type == "message/rfc822"), -1)
    return _attached(content(raw, attached)) if attached >= 0 else None


def _attached(letter: bytes) -> Original | None:
    block = headers.split(letter, 0, len(letter))
    fields = {name: headers.text_of(value) for name, value in reversed(block.fields)}
    return _of(fields, headers.decode_words(fields.get("subject", "")))


def _of(fields: Mapping[str, str], subject: str) -> Original | None:
    """A letter has an author or at least a subject; what has neither is none."""
    authors = addresses.parse(fields.get("from", ""))
    if not authors and "subject" not in fields:
        return None
    return Original(
        author=authors[0] if authors else None,
        to=addresses.parse(fields.get("to", "")),
        cc=addresses.parse(fields.get("cc", "")),
        subject=subject,
    )


def original(text: str, subject: str = "") -> Original | None:
    """The forwarded letter in `text`; None if nothing was forwarded.

    A letter is forwarded if a separator says so ("Forwarded message", in many languages),
    or its `subject` does ("Fwd:") and a header block stands in it.
    """
    lines = [line[: telltale.MAX_LINE].lstrip("> \t|") for line in text.split("\n", MAX_LINES + MAX_BLOCK)]
    marked = next((place for place, line in enumerate(lines[:MAX_LINES]) if _separates(line)), -1)
    if marked < 0 and not telltale.FORWARD_SUBJECT.match(subject[:100]):
        return None
    begin = next(
        (
            place
            for place in range(marked + 1, len(lines))
            if telltale.label(lines[place]) in ("from", "date", "subject", "to")
        ),
        -1,
    )
    if begin < 0 or (marked >= 0 and begin - marked > MAX_BLOCK):
        return None
    fields = _block(lines[begin : begin + MAX_BLOCK])
    return _of(fields, fields.get("subject", ""))


def _separates(line: str) -> bool:
    line = line.strip()
    return bool(line) and (line[0] in "-_=~*" or line[-1] in ":：-") and bool(telltale.FORWARDED.match(line))


def _block(lines: list[str]) -> dict[str, str]:
    """Field → value of a header block; a line without label goes on with the one before."""
    fields: dict[str, str] = {}
    current = ""
    for place, line in enumerate(lines):
        found = telltale.LABEL.match(line)
        name = telltale.label(line) if found else ""
        if name and found and name not in fields:
            current = name
            fields[name] = line[found.end() :].strip(" *\t")
        elif not line.strip():
            after = next((other for other in lines[place:] if other.strip()), "")
            if len(fields) >= 2 and telltale.label(after) in ("", *fields):
                break
        elif current and not name:
            fields[current] += " " + line.strip()
    return fields
