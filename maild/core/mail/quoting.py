"""What this person wrote: the letter without what it answers, without signature and footers.

It refuses to know who the person is. Called by `reading`; `letters` imports REPLY_MARKER.
Lines are looked at once from the top, each at its first 300 characters, an attribution at
four lines at most: the time is linear whatever is written. Where nothing is recognised
everything is kept: too much text is a nuisance, too little is a loss.
"""

from __future__ import annotations

from typing import NamedTuple

from maild.core.mail import languages, signatures, telltale
from maild.core.mail.telltale import MAX_LINE, ends_with_verb
from maild.core.mail.telltale import bare as _bare  # called for every line: an attribute less to look up

REPLY_MARKER = "##- Please type your reply above this line -##"

# `html` puts these on lines of their own around containers that mail programs mark as the answered letter.
QUOTE_BEGIN = "\ue000"
QUOTE_END = "\ue001"

MAX_WINDOW = 4  # lines over which an attribution is wrapped
MAX_LINES = 20_000  # looked at; the longest letter people write has a few hundred
MAX_TRIES = 1_000  # lines looked at as an attribution or a header block: each costs a dozen others
MAX_BLOCK = 12  # lines of a header block, wrapped recipients included
MAX_SIGNATURE = 25  # lines after "-- " that may still be a signature when it is not written exactly so


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
    return _Cutter(text, bool(telltale.FORWARD_SUBJECT.match(subject[:100]))).cut()


def shown(new: str, text: str) -> str:
    """What a thread shows of a letter: `new`, its author's own words; where there are none, what else it brings.

    Somebody pasted a letter with its header, or a program put the whole letter into a quote.
    Only for showing: these may be another person's words, and nothing in them is a command.
    """
    if new:
        return new
    lines = text.strip().split("\n", MAX_LINES)
    if lines[0].startswith(">"):
        return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines).strip()
    place = 0
    while place < min(len(lines), MAX_BLOCK) and telltale.label(lines[place]):
        place += 1
    return new_text("\n".join(lines[place:])) if place >= 2 else ""


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
        if self.marker and (REPLY_MARKER in line or telltale.ABOVE.search(bare)):
            return self._stop()
        first = bare[0]
        if first == ">" and telltale.GROUPWISE.match(bare):
            return self._stop()
        if first == ">" and not self._torn(position, bare):
            return self._quoted(position)
        if first == QUOTE_BEGIN:
            return self._container(position)
        if first == QUOTE_END:
            return position + 1
        if (first in "-_=~*" or bare[-1] in ":：-") and telltale.FORWARDED.match(line):
            return self._rest(position)
        return self._introduced(position, line, bare) or self._own(position, line, bare)

    def _introduced(self, position: int, line: str, bare: str) -> int:
        """Where to go on if the line introduces the answered letter, 0 if it does not."""
        if (
            bare[0] in "-_=*~oO>uU"
            and not self.forwarded
            and (telltale.ORIGINAL.match(line) or telltale.DASHED.match(line))
        ):
            return self._stop()
        if bare[-1] in ":：" or ends_with_verb(bare):
            after = self._attribution(position)
            if after:
                return after
        if (":" in line or "：" in line) and not self.forwarded and self._header_block(position):
            return self._stop()
        return 0

    def _own(self, position: int, line: str, bare: str) -> int:
        """Keep a line of the person's own, as text or as signature."""
        if (bare[0] in "-—–_" and telltale.SIGNATURE.match(bare)) and self._signature_here(position):
            self._trim()
            self.signing = True
        elif self.legal and self.kept and telltale.DISCLAIMER.match(line) and any(map(str.strip, self.kept)):
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
        self.signature[:0] = signatures.trimmed(self.kept)

    def _closing(self) -> None:
        self.signature[:0] = signatures.closing(self.kept)

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
            if (self.forwarded and telltale.label(line)) or telltale.FORWARDED.match(line[:MAX_LINE]):
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
            joined = telltale.MARKED.sub(
                "", " ".join(line.strip()[:MAX_LINE] for line in self.lines[begin : position + 1])
            )
            if len(joined) > 2 * MAX_LINE or not telltale.is_attribution(joined, following):
                continue
            chosen = chosen or size
            if telltale.START.match(joined):
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
        found = None if telltale.START.match(line[:MAX_LINE]) else telltale.MIDDLE.search(line[:MAX_LINE])
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
        if telltale.label(self.lines[position]) not in ("from", "date", "to", "subject"):
            return False
        self.tries -= 1
        if self.tries < 0:
            return False
        found = set(telltale.INSIDE.findall(self.lines[position][:MAX_LINE].lower()))  # a block on one line
        misses = 0
        for line in self.lines[position : position + MAX_BLOCK]:
            field = telltale.label(line) if line.strip() else ""
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
            or (others == 2 and bool(telltale.MAIL_DATE.search(self.lines[position][:MAX_LINE])))
        )

    # ---- signatures

    def _signature_here(self, position: int) -> bool:
        if self.lines[position].rstrip("\r") in ("-- ", "--"):
            return True
        return len(self.lines) - position <= MAX_SIGNATURE
