"""What spam filters on the way have written into a letter: a verdict and a score.

It refuses to judge the words itself, and to decide what follows (core.decide.admission, rules).
Called by `reading`. Anybody can write these fields, so they are facts about the letter and no
proof; of several the worst counts, so that a sender's own "no" helps nobody. Forms: SpamAssassin's
X-Spam-* (Mail::SpamAssassin::Conf), rspamd's X-Spamd-Result and X-Rspamd-* (its milter_headers
module), Amazon SES's verdict, Microsoft's spam confidence level of -1…9, where 5 and more is spam.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Fields = Mapping[str, tuple[str, ...]]

MAX_VALUES = 10  # of one field; one for each filter on the way
MAX_LENGTH = 1_000  # characters of a value that are looked at: verdict and score stand at its beginning
_LOUDEST = 1000.0  # no filter goes further; a forger's 1e300 is no use in a rule

_NUMBER = r"(-?\d{1,6}(?:\.\d{1,6})?)"
_SCORE = re.compile(rf"\b(?:score|hits)\s*=\s*{_NUMBER}", re.IGNORECASE)
_RESULT = re.compile(rf"(true|false)\s*\[\s*{_NUMBER}\s*/\s*{_NUMBER}\s*\]", re.IGNORECASE)
_PLAIN = re.compile(rf"\s*{_NUMBER}\s*(?:/|\(|$|\s)")
_LEVEL = re.compile(r"\s*([*+sx]{1,100})(?![\w*+])", re.IGNORECASE)
_SCL = re.compile(r"(?:^|;)\s*SCL\s*:\s*(-?\d{1,2})\b", re.IGNORECASE)
_SPAMMY = ("reject", "add header", "rewrite subject", "quarantine")  # rspamd's actions on spam


class Spam(NamedTuple):
    """`verdict`: "yes", "no", or "" where nobody has looked; `score`: the highest, None where there is none."""

    verdict: str
    score: float | None


class _Said(NamedTuple):
    spam: bool | None  # None: only a score
    score: float | None = None


def spam(fields: Fields) -> Spam:
    """The worst of all that filters have said."""
    if not _FIELDS.keys() & fields.keys():
        return Spam("", None)
    said = [
        one
        for name, reader in _FIELDS.items()
        for value in fields.get(name, ())[:MAX_VALUES]
        for one in reader(value[:MAX_LENGTH])
    ]
    verdicts = [one.spam for one in said if one.spam is not None]
    scores = [max(-_LOUDEST, min(_LOUDEST, one.score)) for one in said if one.score is not None]
    return Spam("yes" if any(verdicts) else "no" if verdicts else "", max(scores, default=None))


def _flag(value: str) -> Iterator[_Said]:
    word = value.strip().split(maxsplit=1)[0].strip(",;").lower() if value.strip() else ""
    if word in ("yes", "true"):
        yield _Said(True)
    elif word in ("no", "false"):
        yield _Said(False)


def _status(value: str) -> Iterator[_Said]:
    yield from _flag(value)
    if found := _SCORE.search(value):
        yield _Said(None, float(found[1]))


def _score(value: str) -> Iterator[_Said]:
    if found := _PLAIN.match(value) or _SCORE.search(value):
        yield _Said(None, float(found[1]))


def _level(value: str) -> Iterator[_Said]:
    if found := _LEVEL.match(value):
        yield _Said(None, float(len(found[1])))


def _result(value: str) -> Iterator[_Said]:
    """rspamd: "default: True [15.00 / 8.00]; SYMBOL(1.00)[…]"."""
    if found := _RESULT.search(value):
        yield _Said(found[1].lower() == "true", float(found[2]))


def _action(value: str) -> Iterator[_Said]:
    yield _Said(value.strip().lower() in _SPAMMY)


def _verdict(value: str) -> Iterator[_Said]:
    """Amazon SES: PASS, FAIL, GRAY or PROCESSING_FAILED."""
    word = value.strip().upper()
    if word in ("PASS", "FAIL"):
        yield _Said(word == "FAIL")


def _scl(value: str) -> Iterator[_Said]:
    if re.fullmatch(r"\s*-?\d{1,2}\s*", value):
        yield _confidence(int(value))


def _antispam(value: str) -> Iterator[_Said]:
    if found := _SCL.search(value):
        yield _confidence(int(found[1]))


def _confidence(level: int) -> _Said:
    return _Said(level >= 5, float(level))


_FIELDS = {
    "x-spam-flag": _flag,
    "x-spam": _flag,
    "x-spam-status": _status,
    "x-spam-score": _score,
    "x-spam-level": _level,
    "x-spamd-result": _result,
    "x-rspamd-score": _score,
    "x-rspamd-action": _action,
    "x-ses-spam-verdict": _verdict,
    "x-ms-exchange-organization-scl": _scl,
    "x-forefront-antispam-report": _antispam,
}
