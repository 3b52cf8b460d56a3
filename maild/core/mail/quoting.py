"""What this person wrote: the letter without what it answers, without signature and footers.

It refuses to know who the person is. Called by `reading`; `letters` imports REPLY_MARKER.
Lines are looked at once from the top, each at its first 300 characters, an attribution at
four lines at most: the time is linear whatever is written. Where nothing is recognised
everything is kept: too much text is a nuisance, too little is a loss.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from maild.core.mail import languages

REPLY_MARKER = "##- Please type your reply above this line -##"

# `html` puts these on lines of their own around containers that mail programs mark as the answered letter.
QUOTE_BEGIN = "\ue000"
QUOTE_END = "\ue001"

MAX_LINE = 300  # characters of a line that are looked at; attributions and headers are shorter
MAX_WINDOW = 4  # lines over which an attribution is wrapped
MAX_LINES = 20_000  # looked at; the longest letter people write has a few hundred
MAX_TRIES = 1_000  # lines looked at as an attribution or a header block: each costs a dozen others
MAX_BLOCK = 12  # lines of a header block, wrapped recipients included
MAX_CLOSING = 6  # lines from "Best regards" to the end, and how long they may be
MAX_CLOSING_LINE = 60
MAX_SIGNATURE = 25  # lines after "-- " that may still be a signature when it is not written exactly so


def _any(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_VERB = re.compile(
    rf"(?<![^\W_])(?:{_any(languages.WROTE)})(?![^\W_])|写道|寫道|작성|のメール|のメッセージ|เขียน", re.IGNORECASE
)
# Marks that Hebrew and Arabic programs put around addresses and lines.
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_MARKED = re.compile(f"[{_DIRECTIONS}]")
_LAST_WORDS = frozenset(verb.split()[-1] for verb in languages.WROTE)
_LAST_SIGNS = ("写道", "寫道", "작성", "メール", "メッセージ", "เขียน", "(a)", "(а)", "/a", "/ה")
_START = re.compile(
    rf"\W{{0,4}}(?:(?:{_any(languages.ON)})\b|\d|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s|(?:mo|di|mi|do|fr|"
    rf"sa|so)\.?,?\s\d)",
    re.IGNORECASE,
)
_MIDDLE = re.compile(r"(?<=\S)\s+(?=(?:On|Am|Le|El|Em|Op|Il|Den|På|Dnia)\s+(?:\w{2,10}[,.]?\s+)?(?:\w{3,9}\.?\s+)?\d)")
_DATE = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b\d{1,2}[:.h]\d\d\b|\d{4}年|\d{1,2}月\d|"
    r"\b\d{1,2}\.? \w{3,9}\.? \d{2}\b|\b\w{3,9}\.? \d{1,2}, \d{4}"
)
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}|\[mailto:", re.ASCII)
_INSIDE = re.compile(r"\s\*?(date|to|subject)\*?:\s")
_MAIL_DATE = re.compile(r"\d\d:\d\d:\d\d [+-]\d{4}")  # as in a Date field: nobody types that
_ANGLE_END = re.compile(r"@[^<>]{1,100}>\s*[:：]\W*\Z")
_LABEL_OF = {word: field for field, words in languages.LABELS.items() for word in words.replace("\\", "").split("|")}
LABEL = re.compile(r"[\s>|]*[*_]{0,3}([^\W\d][^:：*<>@]{0,24}?)[*_]{0,3}\s{0,3}[:：][*_]{0,3}(?=\s|\Z|[^/\s])")
_ORIGINAL = re.compile(
    rf"[\s>|*]*+(?:[-_=~]{{2,}}+\s*[<\[]?\s*(?:{languages.ORIGINAL})\s*[>\]]?\s*[:：]?\s*[-_=~*]*|"
    rf"(?:original message|ursprüngliche nachricht)"
    rf"\s*[-_=~]{{2,}})\s*\Z",
    re.IGNORECASE,
)
FORWARDED = re.compile(rf"[\s>|*]*+[-_=~]*+\s*(?:{languages.FORWARDED})", re.IGNORECASE)
_ABOVE = re.compile(rf"##- .{{1,200}} -##|{languages.REPLY_ABOVE}", re.IGNORECASE)
_DASHED = re.compile(r"\s*-{2,}\s*(?:on|am|le|el|em|op|il|den)\s.{5,250}[^-]-{2,}\s*\Z", re.IGNORECASE)
_RULE = re.compile(r"\s*(?:[-_=*~─—]\s?){3,}\s*\Z")
_SIGNATURE = re.compile(r"(?:--|—|––|-- ?_*|__|--- ?)\s*\Z")
_SENT_FROM = re.compile(rf"[\s*_\-–—(<\[]*(?:{languages.SENT_FROM})", re.IGNORECASE)
_DISCLAIMER = re.compile(rf"[\s*_]*(?:{languages.DISCLAIMER})", re.IGNORECASE)
_VALEDICTION = re.compile(rf"[\s*_]*(?:{languages.VALEDICTION})[\s,.!*_-]*\Z", re.IGNORECASE)
_DEVICE = re.compile(
    r"iphone|ipad|ipod|android|blackberry|samsung|galaxy|outlook|mobile|mobil|smartphone|phone|handy|yahoo|"
    r"gmail|windows|nokia",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(rf"\s*(?:{languages.FORWARD_PREFIX})\s*[:：]", re.IGNORECASE)


def _bare(line: str) -> str:
    """The line without blanks and marks of direction around it."""
    line = line.strip()
    return line if line.isascii() else line.strip(_DIRECTIONS).strip()


def _ends_with_verb(line: str) -> bool:
    """Whether the line's last word is a verb of writing."""
    last = line[-40:].rstrip(" \t:：*_-.>\u200e\u200f\u202c\u2069").lower()
    return last.endswith(_LAST_SIGNS) or last[last.rfind(" ") + 1 :] in _LAST_WORDS


class Own(NamedTuple):
    """A person's own words, and the signature found below them."""

    text: str
    signature: str


def unmarked(text: str) -> str:
    """The text without the marks of `html`."""
    if QUOTE_BEGIN not in text and QUOTE_END not in text:
        return text
    return "\n".join(line for line in text.split("\n") if line not in (QUOTE_BEGIN, QUOTE_END))


def new_text(text: str, subject: str = "") -> str:
    """The visible reply; of a forwarded letter (by `subject` or a separator) the forwarded part belongs to it."""
    return own(text, subject).text


def own(text: str, subject: str = "") -> Own:
    """The visible reply and its signature."""
    return _Cutter(text, bool(FORWARD_SUBJECT.match(subject[:100]))).cut()


class _Cutter:
    def __init__(self, text: str, forwarded: bool) -> None:
        self.lines = text.split("\n")
        self.last = next((place for place in range(len(self.lines) - 1, -1, -1) if self.lines[place].strip()), -1)
        self.forwarded = forwarded
        folded = text.lower()
        self.marker = "##-" in folded or any(word in folded for word in languages.REPLY_ABOVE_WORDS)
        self.legal = any(word in folded for word in languages.DISCLAIMER_WORDS)
        self.tries = MAX_TRIES
        self.kept: list[str] = []
        self.signature: list[str] = []
        self.signing = False  # below a signature's delimiter

    def cut(self) -> Own:
        position = 0
        while 0 <= position < len(self.lines):
            position = self._step(position) if position < MAX_LINES else self._rest(position)
        self._trim()
        self._closing()
        text = "\n".join(self.kept).strip("\n").rstrip()
        signature = "\n".join(self.signature).strip("\n")
        if not text and signature:  # nothing but a signature is a letter after all
            return Own(signature, "")
        return Own(text, signature)

    def _step(self, position: int) -> int:
        """Deal with the line at `position`; answer the next one to look at, or -1 to stop."""
        line = self.lines[position][:MAX_LINE]
        bare = _bare(line)
        if not bare:
            return self._keep(position)
        if self.marker and (REPLY_MARKER in line or _ABOVE.search(bare)):
            return self._stop()
        first = bare[0]
        if first == ">" and not self._torn(position, bare):
            return self._quoted(position)
        if first == QUOTE_BEGIN:
            return self._container(position)
        if first == QUOTE_END:
            return position + 1
        if (first in "-_=~*" or bare[-1] in ":：-") and FORWARDED.match(line):
            return self._rest(position)
        return self._introduced(position, line, bare) or self._own(position, line, bare)

    def _introduced(self, position: int, line: str, bare: str) -> int:
        """Where to go on if the line introduces the answered letter, 0 if it does not."""
        if bare[0] in "-_=*~oO>uU" and not self.forwarded and (_ORIGINAL.match(line) or _DASHED.match(line)):
            return self._stop()
        if bare[-1] in ":：" or _ends_with_verb(bare):
            after = self._attribution(position)
            if after:
                return after
        if (":" in line or "：" in line) and not self.forwarded and self._header_block(position):
            return self._stop()
        return 0

    def _own(self, position: int, line: str, bare: str) -> int:
        """Keep a line of the person's own, as text or as signature."""
        if (bare[0] in "-—–_" and _SIGNATURE.match(bare)) and self._signature_here(position):
            self._trim()
            self.signing = True
        elif self.legal and self.kept and _DISCLAIMER.match(line) and any(map(str.strip, self.kept)):
            self.signing = True
        return self._keep(position)

    # ---- what may be done with a line

    def _keep(self, position: int) -> int:
        (self.signature if self.signing else self.kept).append(self.lines[position].rstrip())
        return position + 1

    def _rest(self, position: int) -> int:
        self.kept += [line.rstrip() for line in self.lines[position:] if line not in (QUOTE_BEGIN, QUOTE_END)]
        return -1

    def _stop(self) -> int:
        self._trim()
        return -1

    def _trim(self) -> None:
        """Take blank lines, rules and "Sent from my phone" off the end of what is kept."""
        moved: list[str] = []
        while self.kept:
            last = self.kept[-1][:MAX_LINE]
            if not last.strip() or _RULE.match(last):
                self.kept.pop()
            elif (
                len(last) < 120
                and _SENT_FROM.match(last)
                and (len(last.split()) <= 7 or _DEVICE.search(" ".join(last.split()[:7])))
            ):
                moved.append(self.kept.pop())
            else:
                break
        self.signature[:0] = reversed(moved)

    def _closing(self) -> None:
        """Take "Best regards" and the few short lines under it off the end."""
        for place in range(len(self.kept) - 1, max(len(self.kept) - 1 - MAX_CLOSING, 0), -1):
            line = self.kept[place]
            if len(line) > MAX_CLOSING_LINE:
                return
            if _VALEDICTION.match(line):
                if any(map(str.strip, self.kept[:place])):
                    self.signature[:0] = self.kept[place:]
                    del self.kept[place:]
                return

    # ---- quoted lines

    def _quoted(self, position: int) -> int:
        """A run of ">" lines: dropped, unless it is one line in the middle of a text (a pointed finger, no quote)."""
        line = self.lines[position]
        end = max(self._run(position), position + 1)
        rest = end <= self.last
        alone = sum(1 for line in self.lines[position:end] if line.strip()) == 1
        pointing = line.startswith(">>") or (not line.startswith("> ") and any(map(str.strip, self.kept)))
        if alone and rest and pointing:
            return self._keep(position)
        self._trim()
        if self.kept and rest and self.lines[end].strip():
            self.kept.append("")
        return end

    def _torn(self, position: int, bare: str) -> bool:
        """Whether the ">" closes an address of an attribution that was wrapped before it."""
        before = self.lines[position - 1][:MAX_LINE] if position else ""
        return bare[-1] in ":：" and len(bare) < 40 and before.rfind("<") > before.rfind(">")

    def _run(self, position: int) -> int:
        """Where the run of quoted lines ends, wrapped pieces and blank lines inside included."""
        lines, count = self.lines, len(self.lines)
        end = position
        while position < count:
            line = _bare(lines[position][:MAX_LINE])
            if line.startswith(">"):
                end = position = position + 1
            elif not line:
                position += 1
            elif (
                position == end
                and position + 1 < count
                and _bare(lines[position + 1][:MAX_LINE]).startswith(">")
                and len(line) < 60
            ):
                position += 1  # the end of a long quoted line, wrapped by a program that did not know quotes
                end = position
            else:
                break
        return end

    def _container(self, position: int) -> int:
        """A container that HTML marks as the answered letter: passed over, unless it holds a forwarded one."""
        for line in self.lines[position + 1 : position + 8]:
            if (self.forwarded and label(line)) or FORWARDED.match(line[:MAX_LINE]):
                return self._rest(position)
        self._trim()
        depth = 0
        for place in range(position, len(self.lines)):
            depth += (self.lines[place] == QUOTE_BEGIN) - (self.lines[place] == QUOTE_END)
            if depth <= 0:
                return place + 1
        return -1

    # ---- attributions, as in: On Monday Bob wrote

    def _attribution(self, position: int) -> int:
        """Where to go on if an attribution ends at `position`: after its quote, -1 for the end; 0 if there is none."""
        following = self._following(position + 1)
        chosen = 0
        self.tries -= 1
        if self.tries < 0:
            return 0
        for size in range(1, MAX_WINDOW + 1):
            begin = position - size + 1
            if (
                begin < 0
                or not self.lines[begin].strip()
                or (size > 1 and _bare(self.lines[begin][:MAX_LINE]).startswith(">"))
            ):
                break
            if size > 1 and len(self.kept) < size - 1:
                break
            joined = _MARKED.sub("", " ".join(line.strip()[:MAX_LINE] for line in self.lines[begin : position + 1]))
            if len(joined) > 2 * MAX_LINE or not _is_attribution(joined, following):
                continue
            chosen = chosen or size
            if _START.match(joined):
                chosen = size
                before = self.lines[begin - 1][:MAX_LINE] if begin else ""
                if before.rfind("<") <= before.rfind(">"):  # else an address is torn between the two lines
                    break
        if not chosen:
            return 0
        head = self._head(self.lines[position - chosen + 1])
        if chosen > 1:
            del (self.signature if self.signing else self.kept)[-(chosen - 1) :]
        if head:
            (self.signature if self.signing else self.kept).append(head)
        self._trim()
        return self._after_quote(position + 1) if following == ">" else -1

    def _head(self, line: str) -> str:
        """Own words before an attribution that was glued to them."""
        found = None if _START.match(line[:MAX_LINE]) else _MIDDLE.search(line[:MAX_LINE])
        return line[: found.start()].rstrip(" -_") if found else ""

    def _following(self, position: int) -> str:
        """The first character of the next line that is not blank, "" at the end."""
        for line in self.lines[position : position + 4]:
            if bare := _bare(line[:MAX_LINE]):
                return bare[0]
        return ""

    def _after_quote(self, position: int) -> int:
        while not _bare(self.lines[position][:MAX_LINE]):
            position += 1
        end = self._run(position)
        if self.kept and end <= self.last and self.lines[end].strip():
            self.kept.append("")
        return end

    # ---- header blocks

    def _header_block(self, position: int) -> bool:
        """Whether the header block of an answered letter begins at `position`."""
        if label(self.lines[position]) not in ("from", "date", "to", "subject"):
            return False
        self.tries -= 1
        if self.tries < 0:
            return False
        found = set(_INSIDE.findall(self.lines[position][:MAX_LINE].lower()))  # a block on one line
        misses = 0
        for line in self.lines[position : position + MAX_BLOCK]:
            field = label(line) if line.strip() else ""
            if field:
                if field in found and field == "from":
                    break
                found.add(field)
                misses = 0
            else:
                misses += 1
                if misses > 2:
                    break
        others = len(found & {"date", "to", "subject"})
        return (
            ("from" in found and others >= 1)
            or others == 3
            or (others == 2 and bool(_MAIL_DATE.search(self.lines[position][:MAX_LINE])))
        )

    # ---- signatures

    def _signature_here(self, position: int) -> bool:
        if self.lines[position].rstrip("\r") in ("-- ", "--"):
            return True
        return len(self.lines) - position <= MAX_SIGNATURE


def label(line: str) -> str:
    """Which header field a line of a header block stands for, in any language; "" if none."""
    line = line[:80]
    if ":" not in line and "：" not in line:
        return ""
    found = LABEL.match(line)
    return _LABEL_OF.get(found[1].strip().lower(), "") if found else ""


def _is_attribution(text: str, following: str) -> bool:
    """Whether the words introduce a quote: a verb of writing, a date, an address, in the order of any language."""
    colon = text.rstrip(" *_").endswith((":", "："))
    verb = _VERB.search(text)
    dated = _DATE.search(text)
    addressed = _EMAIL.search(text)
    starts = _START.match(text) or _MIDDLE.search(text)
    if colon and verb and (dated or addressed):
        return bool(starts or addressed or following == ">")
    if colon and dated and addressed and (starts or (_ANGLE_END.search(text) and len(text) < 200)):
        return True
    if colon and following == ">":
        return bool(verb or dated or addressed) and len(text) < 200
    return bool(_ends_with_verb(text) and starts and dated and len(text) < 250)
