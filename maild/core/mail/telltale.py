"""What a single line of a letter is: an attribution, a label of a header block, a separator.

It refuses to know what is done with the line. Called by `quoting`, `signatures` and
`forwarding`. Every pattern is applied to lines of at most MAX_LINE characters.
"""

from __future__ import annotations

import re

from maild.core.mail import languages

MAX_LINE = 300  # characters of a line that are looked at; attributions and headers are shorter


def _any(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_VERB = re.compile(
    rf"(?<![^\W_])(?:{_any(languages.WROTE)})(?![^\W_])|写道|寫道|작성|のメール|のメッセージ|เขียน", re.IGNORECASE
)
# Marks that Hebrew and Arabic programs put around addresses and lines.
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARKED = re.compile(f"[{_DIRECTIONS}]")
_LAST_WORDS = frozenset(verb.split()[-1] for verb in languages.WROTE)
_LAST_SIGNS = ("写道", "寫道", "작성", "メール", "メッセージ", "เขียน", "(a)", "(а)", "/a", "/ה")
START = re.compile(
    rf"\W{{0,4}}(?:(?:{_any(languages.ON)})\b|\d|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s|(?:mo|di|mi|do|fr|"
    rf"sa|so)\.?,?\s\d)",
    re.IGNORECASE,
)
MIDDLE = re.compile(r"(?<=\S)\s+(?=(?:On|Am|Le|El|Em|Op|Il|Den|På|Dnia)\s+(?:\w{2,10}[,.]?\s+)?(?:\w{3,9}\.?\s+)?\d)")
_DATE = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b\d{1,2}[:.h]\d\d\b|\d{4}年|\d{1,2}月\d|"
    r"\b\d{1,2}\.? \w{3,9}\.? \d{2}\b|\b\w{3,9}\.? \d{1,2}, \d{4}"
)
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}|\[mailto:", re.ASCII)
INSIDE = re.compile(r"\s\*?(date|to|subject)\*?:\s")
MAIL_DATE = re.compile(r"\d\d:\d\d:\d\d [+-]\d{4}")  # as in a Date field: nobody types that
_ANGLE_END = re.compile(r"@[^<>]{1,100}>\s*[:：]\W*\Z")
_LABEL_OF = {word: field for field, words in languages.LABELS.items() for word in words.replace("\\", "").split("|")}
LABEL = re.compile(r"[\s>|]*[*_]{0,3}([^\W\d][^:：*<>@]{0,24}?)[*_]{0,3}\s{0,3}[:：][*_]{0,3}(?=\s|\Z|[^/\s])")
ORIGINAL = re.compile(
    rf"[\s>|*]*+(?:[-_=~]{{2,}}+\s*[<\[]?\s*(?:{languages.ORIGINAL})\s*[>\]]?\s*[:：]?\s*[-_=~*]*|"
    rf"(?:original message|ursprüngliche nachricht)"
    rf"\s*[-_=~]{{2,}})\s*\Z",
    re.IGNORECASE,
)
FORWARDED = re.compile(rf"[\s>|*]*+[-_=~]*+\s*(?:{languages.FORWARDED})", re.IGNORECASE)
ABOVE = re.compile(rf"##- .{{1,200}} -##|{languages.REPLY_ABOVE}", re.IGNORECASE)
DASHED = re.compile(r"\s*-{2,}\s*(?:on|am|le|el|em|op|il|den)\s.{5,250}[^-]-{2,}\s*\Z", re.IGNORECASE)
GROUPWISE = re.compile(r">>> ?[^<>]{1,100}(?:<[^<>]{3,100}> ?)?\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}[^<>]{0,40}>>>\s*\Z")
RULE = re.compile(r"\s*(?:[-_=*~─—]\s?){3,}\s*\Z")
SIGNATURE = re.compile(r"(?:--|—|––|-- ?_*|__|--- ?)\s*\Z")
SENT_FROM = re.compile(rf"[\s*_\-–—(<\[]*(?:{languages.SENT_FROM})", re.IGNORECASE)
DISCLAIMER = re.compile(rf"[\s*_]*(?:{languages.DISCLAIMER})", re.IGNORECASE)
VALEDICTION = re.compile(rf"[\s*_]*(?:{languages.VALEDICTION})[\s,.!*_-]*\Z", re.IGNORECASE)
DEVICE = re.compile(
    r"iphone|ipad|ipod|android|blackberry|samsung|galaxy|outlook|mobile|mobil|smartphone|phone|handy|yahoo|"
    r"gmail|windows|nokia",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(rf"\s*(?:{languages.FORWARD_PREFIX})\s*[:：]", re.IGNORECASE)


def bare(line: str) -> str:
    """The line without blanks and marks of direction around it."""
    line = line.strip()
    return line if line.isascii() else line.strip(_DIRECTIONS).strip()


def ends_with_verb(line: str) -> bool:
    """Whether the line's last word is a verb of writing."""
    last = line[-40:].rstrip(" \t:：*_-.>\u200e\u200f\u202c\u2069").lower()
    return last.endswith(_LAST_SIGNS) or last[last.rfind(" ") + 1 :] in _LAST_WORDS


def label(line: str) -> str:
    """Which header field a line of a header block stands for, in any language; "" if none."""
    line = line[:80]
    if ":" not in line and "：" not in line:
        return ""
    found = LABEL.match(line)
    return _LABEL_OF.get(found[1].strip().lower(), "") if found else ""


def is_attribution(text: str, following: str) -> bool:
    """Whether the words introduce a quote: a verb of writing, a date, an address, in the order of any language."""
    colon = text.rstrip(" *_").endswith((":", "："))
    verb = _VERB.search(text)
    dated = _DATE.search(text)
    addressed = _EMAIL.search(text)
    starts = START.match(text) or MIDDLE.search(text)
    if colon and verb and (dated or addressed):
        return bool(starts or addressed or following == ">")
    if colon and dated and addressed and (starts or (_ANGLE_END.search(text) and len(text) < 200)):
        return True
    if colon and following == ">":
        return bool(verb or dated or addressed) and len(text) < 200
    return bool(ends_with_verb(text) and starts and dated and len(text) < 250)
