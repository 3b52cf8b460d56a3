"""Inputs that a fuzzer once found, kept so that they stay harmless. docs/reading.md tells how they get here."""

import json
import time
from pathlib import Path

import pytest

from maild.core.mail import content, corpus_answer, fingerprint, original, read

FOUND = sorted(path for path in (Path(__file__).parent / "fuzz").iterdir() if not path.name.startswith("."))


def test_there_are_some() -> None:
    assert FOUND


@pytest.mark.parametrize("path", FOUND, ids=[path.name for path in FOUND])
def test_found(path: Path) -> None:
    raw = path.read_bytes()
    begun = time.process_time()
    message = read(raw)
    assert not any(defect.startswith("not understood") for defect in message.defects), message.defects
    json.dumps(corpus_answer(raw, {}), ensure_ascii=False).encode("utf-8")
    for file in message.attachments:
        assert len(content(raw, file.index)) == file.size
    original(raw, message)
    fingerprint(raw, ["a@b.example"])
    assert time.process_time() - begun < 1
