"""The formatting of words we know already: bold, lists, tables, links and pictures of a letter's own text.

The plain text stays the truth. What somebody wrote in HTML is shown with its formatting only if its
letters and digits are, one after the other, those of that text: not a word more can come along, whatever
the mail program quoted below or hid in between. Otherwise there is no formatting. Only the tags of
_KEPT leave here, with a link or a picture of ours as their one attribute, and nothing that loads or runs.
It refuses to know how the text was found. Called by `letters.enclosures`; linear in the HTML's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from maild.core.mail.html import MAX_HTML, SKIPPED, too_deep

MAX_TARGET = 2_000  # characters of a link's address

_CELL = "padding:3px 10px 3px 0;vertical-align:top;text-align:left;border-bottom:1px solid #9aa4af"
_KEPT = {
    **dict.fromkeys("b strong i em u s del code sub sup ul ol li div tr thead tbody h1 h2 h3 h4".split(), ""),
    **dict.fromkeys(("p", "pre"), "margin:0 0 1em 0"),
    "table": "margin:0 0 1em 0;border-collapse:collapse",
    **dict.fromkeys(("td", "th"), _CELL),
}
_INLINE = frozenset("a b strong i em u s del code sub sup span font".split())
_SIGNS = re.compile(r"[^\w\s]{0,10}")
_STRUCTURE = frozenset("td th li".split())  # there even if they are empty
_IMAGE = '<img src="cid:{}" alt="" style="max-width:100%;height:auto">'
# What programs write into the text for what is no text in HTML: targets of links, pictures.
_STAND_INS = re.compile(r"<(?:https?://|mailto:|tel:)[^\s<>]{1,2000}>|\[(?:cid|image):[^\]\n]{1,300}\]", re.IGNORECASE)
_TARGET = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20\x7f]+", re.IGNORECASE)


class Formatted(NamedTuple):
    """HTML of the words, and the content ids of the pictures in it."""

    html: str
    shown: frozenset[str]


class _Piece(NamedTuple):
    """One step of the walk: "text" (what it says), "mark" (a number HTML leaves to the reader), "open", "close",
    "break", "image"."""

    kind: str
    value: str
    target: str = ""


def formatted(html: str, words: str, pictures: Mapping[str, str]) -> Formatted | None:
    """These words as their author formatted them; None where the HTML does not say exactly them.

    `pictures`: content id as the HTML names it → the one it has in our letter.
    """
    html = html[:MAX_HTML]
    if too_deep(html):
        return None
    pieces = list(_walk(html))
    wanted = _bare(_STAND_INS.sub("", words))
    begin = "".join(_bare(piece.value) for piece in pieces if piece.kind in ("text", "mark")).find(wanted)
    if begin < 0:
        return None
    writer = _Writer(begin, begin + len(wanted), pictures)
    for piece in pieces:
        writer.take(piece)
        if writer.done:
            break
    writer.end()
    return Formatted("".join(writer.out), frozenset(writer.shown)) if writer.out else None


def named(html: str) -> frozenset[str]:
    """The content ids of all pictures this HTML shows."""
    return frozenset(re.findall(r"""\bcid:([^\s"'<>]{1,250})""", html[:MAX_HTML], re.IGNORECASE))


def _bare(text: str) -> str:
    """Letters and digits only: what must agree."""
    return text if text.isalnum() else "".join(filter(str.isalnum, text))


def _walk(html: str) -> Iterator[_Piece]:
    body = LexborHTMLParser(html).body
    waiting: list[tuple[LexborNode, bool]] = [(body, False)] if body is not None else []
    numbers: list[int] = []  # of the open lists, the number of the next item; 0 in one without numbers
    while waiting:
        node, leaving = waiting.pop()
        tag = node.tag or ""
        if tag == "-text":
            yield _Piece("text", node.text_content or "")
            continue
        if not tag or tag.startswith(("-", "!")) or tag in SKIPPED:
            continue
        if leaving:
            if tag in ("ul", "ol") and numbers:
                numbers.pop()
            yield _Piece("close", tag)
            continue
        yield from _entered(tag, node, numbers)
        waiting.append((node, True))
        child = node.last_child
        while child is not None:
            waiting.append((child, False))
            child = child.prev


def _entered(tag: str, node: LexborNode, numbers: list[int]) -> Iterator[_Piece]:
    attributes = node.attributes
    if tag == "br":
        yield _Piece("break", "")
    elif tag == "img":
        source = (attributes.get("src") or "").strip()
        if source.lower().startswith("cid:"):
            yield _Piece("image", source[4:])
    target = (attributes.get("href") or "").strip() if tag == "a" else ""
    # Outlook writes a paragraph for every line and none between them; with our margins its letters would fall apart.
    tag = "div" if tag == "p" and "MsoNormal" in (attributes.get("class") or "") else tag
    yield _Piece("open", tag, target)
    if tag in ("ul", "ol"):
        numbers.append(int(tag == "ol"))
    elif tag == "li" and numbers and numbers[-1]:
        yield _Piece("mark", str(numbers[-1]))
        numbers[-1] += 1


class _Writer:
    """Writes what lies between two positions, counted in letters and digits, and the pictures right behind it."""

    def __init__(self, begin: int, end: int, pictures: Mapping[str, str]) -> None:
        self.begin, self.last = begin, end
        self.pictures = pictures
        self.at = 0
        self.out: list[str] = []
        self.open: list[tuple[str, str, bool]] = []  # tag as read, the tag to write, whether it is written
        self.shown: set[str] = set()
        self.touching = (
            False  # the last of the words has no blank behind it: a full stop may follow in a piece of its own
        )
        self.done = False

    def take(self, piece: _Piece) -> None:
        if piece.kind != "text" and piece.value not in _INLINE:
            self.touching = False
        match piece.kind:
            case "text" | "mark":
                self._text(piece.value, silent=piece.kind == "mark")
            case "open":
                self.open.append((piece.value, _tag(piece), False))
                if piece.value in _STRUCTURE and self._inside():
                    self._opened()
            case "close":
                self._close(piece.value)
            case "break" if self._inside():
                self._write("<br>\n")
            case "image" if piece.value in self.pictures and self.at >= self.begin:
                self.shown.add(piece.value)
                self._write(_IMAGE.format(escape(self.pictures[piece.value])))

    def _inside(self) -> bool:
        return self.begin < self.at < self.last

    def _text(self, text: str, *, silent: bool) -> None:
        length = len(_bare(text))
        start, self.at = self.at, self.at + length
        if start >= self.last:
            self._behind(text)
            self.done = bool(length)
        elif silent or self.at < self.begin or (length and self.at == self.begin):
            return
        elif length:
            own = _clipped(text, self.begin - start, self.last - start)
            self.touching = self.at >= self.last and text.endswith(own)
            self._write(escape(own, quote=False))
        elif self.begin < start < self.last:
            self._write(escape(text, quote=False))

    def _behind(self, text: str) -> None:
        """Signs that touch the last word belong to it."""
        signs = _SIGNS.match(text)
        if self.touching and signs:
            self.out.append(escape(signs[0], quote=False))
        self.touching = self.touching and signs is not None and signs.end() == len(text)

    def _write(self, html: str) -> None:
        self._opened()
        self.out.append(html)

    def _opened(self) -> None:
        for place, (tag, written, is_out) in enumerate(self.open):
            if written and not is_out:
                self.out.append(written)
                self.open[place] = (tag, written, True)

    def _close(self, tag: str) -> None:
        _, written, is_out = self.open.pop()
        if written and is_out:
            self.out.append(f"</{written[1:].split()[0].rstrip('>')}>")

    def end(self) -> None:
        while self.open:
            self._close("")


def _tag(piece: _Piece) -> str:
    """What an element becomes in our letter, "" if only its content stays."""
    if piece.value == "a":
        target = piece.target
        good = len(target) <= MAX_TARGET and _TARGET.fullmatch(target)
        return f'<a href="{escape(target)}">' if good else ""
    style = _KEPT.get(piece.value)
    return "" if style is None else f'<{piece.value} style="{style}">' if style else f"<{piece.value}>"


def _clipped(text: str, begin: int, end: int) -> str:
    """The text from its letter number `begin` to before number `end`, with the signs that touch them."""
    first = last = -1
    count = 0
    for place, character in enumerate(text):
        if character.isalnum():
            if begin <= count < end:
                first = place if first < 0 else first
                last = place + 1
            count += 1
    if first < 0:
        return ""
    while first and not text[first - 1].isspace() and not text[first - 1].isalnum():
        first -= 1
    while last < len(text) and not text[last].isspace() and not text[last].isalnum():
        last += 1
    whole = begin <= 0, end >= count
    return text[0 if whole[0] and begin < 0 else first : len(text) if whole[1] and end > count else last]
