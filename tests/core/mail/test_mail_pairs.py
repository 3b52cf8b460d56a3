"""Golden pairs: `pairs/NAME.eml` is a letter, `pairs/NAME.toml` what is to be understood of it.

Only what the second file states is compared. docs/reading.md tells how to add a pair; run
this file with a letter's path to see what is understood of it now, ready to be corrected.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from maild.core.mail import content, original, read
from maild.core.model import Message

PAIRS = Path(__file__).parent / "pairs"
NAMES = sorted(path.stem for path in PAIRS.glob("*.eml"))


def understood(raw: bytes) -> dict[str, Any]:
    """Everything a pair may state."""
    message = read(raw)
    return {
        "from": [str(address) for address in message.from_],
        "sender": str(message.sender or ""),
        "to": [str(address) for address in message.to],
        "cc": [str(address) for address in message.cc],
        "reply_to": [str(address) for address in message.reply_to],
        "subject": message.subject,
        "date": message.date.isoformat() if message.date else "",
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "kind": message.kind.value,
        "nature": message.nature.value,
        "answerable": message.answerable,
        "importance": message.importance,
        "signed": message.signed,
        "encrypted": message.encrypted,
        "courtesy": message.courtesy,
        "absent_until": message.absent_until.isoformat() if message.absent_until else "",
        "calendar_answer": message.calendar_answer,
        "text": message.text.strip(),
        "new_text": message.new_text,
        "files": [_file(raw, message, index) for index in range(len(message.attachments))],
        "bounce": _bounce(message),
        "original": _original(raw, message),
        "defects": list(message.defects),
    }


def _file(raw: bytes, message: Message, index: int) -> str:
    file = message.attachments[index]
    assert len(content(raw, index)) == file.size
    cid = f" cid:{file.content_id}" if file.content_id else ""
    return f"{file.filename} ({file.content_type}, {file.size} bytes{', inline' if file.inline else ''}{cid})"


def _bounce(message: Message) -> list[str]:
    if message.bounce is None:
        return []
    told = [f"{one.address} {one.status or '?'} {one.action or '?'}" for one in message.bounce.recipients]
    return [*told, f"of {message.bounce.original_message_id or '?'}", f"permanent {message.bounce.permanent}"]


def _original(raw: bytes, message: Message) -> list[str]:
    found = original(raw, message)
    return [str(found.author or ""), found.subject] if found else []


def test_every_letter_has_its_reading() -> None:
    assert NAMES
    assert sorted(path.stem for path in PAIRS.glob("*.toml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_pair(name: str) -> None:
    wanted = tomllib.loads((PAIRS / f"{name}.toml").read_text(encoding="utf-8"))
    assert wanted.pop("why").strip(), "a pair says in one line which fact about mail it holds"
    got = understood((PAIRS / f"{name}.eml").read_bytes())
    assert set(wanted) <= set(got), "a pair may only state what is understood"
    assert {key: got[key] for key in wanted} == {key: _meant(value) for key, value in wanted.items()}


def _meant(value: Any) -> Any:
    return value.strip("\n") if isinstance(value, str) else value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{escaped}\n"""' if "\n" in value else f'"{escaped}"'


if __name__ == "__main__":
    stated = {"why": "", **understood(Path(sys.argv[1]).read_bytes())}
    sys.stdout.writelines(f"{key} = {_toml(value)}\n" for key, value in stated.items() if key == "why" or value)
