"""The HTML twin of a letter's text: the same words, only easier to look at.

Made from the finished text and never from anything else, so that both always say the
same; at most an agent's own words come formatted as they wrote them. Everything is escaped;
the only tags are ours, the only links http(s) and mailto. Nothing says what is light or dark.
All of it is linear in the length of the text. It refuses to know what the letter is about.
"""

from __future__ import annotations

import re
from itertools import groupby

from markupsafe import Markup, escape

# Black on white or white on black is the reader's choice and theirs alone: these greys are legible on both.
PARAGRAPH = "margin:0 0 1em 0"
QUOTE = "margin:0 0 1em 0;padding:0 0 0 .8em;border-left:2px solid #9aa4af;color:#737d88"
INTRODUCTION = "margin:0 0 .4em 0;color:#737d88"
TABLE = "margin:0 0 1em 0;border-collapse:collapse"
LABEL = "padding:1px 14px 1px 0;color:#737d88;text-align:left;vertical-align:top;white-space:nowrap;font-weight:normal"
VALUE = "padding:1px 0;vertical-align:top"
SMALL = "margin:0 0 1em 0;color:#7f8893;font-size:12px"
_ROW_BEGINS = frozenset("#ABCDEFGHIJKLMNOPQRSTUVWXYZ")
MOST_DEPTH = 5  # nested quotations deeper than this look like the fifth

# All of these read text that is escaped already: "<" is "&lt;", and of entities only "&amp;" may be in an address.
_LINK = re.compile(
    r"(?P<web>https?://(?:[^\s&]|&amp;){1,1900})"
    r"|(?<![\w.+@-])(?P<mail>[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
)
_TRAILING = ".,:!?\u2019\u201d\u00bb"  # at the end of an address these belong to the sentence
_ROW = re.compile(
    r"([A-Z][A-Za-z -]{0,24}(?=:)|#[a-z]{1,20}(?: \S{1,40})?):?[ ]{2,}(\S.*)"
)  # "Label:  value", "#word  …"
_QUOTE = re.compile(r"(?:&gt;[ ]?)+")
_INDENT = re.compile(r"^ +", re.MULTILINE)


def page_body(text: str, marker: str, own: str = "", own_html: str = "") -> Markup:
    """What stands between <body> and </body>.

    Where a paragraph of the text begins with `own` and ends with it, `own_html` takes its place: the same
    words, formatted, from `core.mail.html_words`.
    """
    before, found, after = text.partition(f"\n\n{own}\n") if own and own_html else (text, "", "")
    if not found:
        return Markup(_page(text, marker))  # noqa: S704 - escaped as a whole before anything else
    formatted = f'<div style="{PARAGRAPH}">{own_html}</div>\n'
    return Markup(_page(before, marker) + formatted + _page(after, marker))  # noqa: S704 - so are these


def _page(text: str, marker: str) -> str:
    safe = str(escape(text.expandtabs(4) if "\t" in text else text))
    if "@" in safe or "://" in safe:
        safe = _LINK.sub(_link, safe)
    above, signature, below = safe.partition("\n-- \n")
    marker = str(escape(marker))
    groups = [(kind, list(lines)) for kind, lines in groupby(above.split("\n"), key=lambda line: _kind(line, marker))]
    out = []
    for (kind, lines), (following, _) in zip(groups, [*groups[1:], ("", [])], strict=True):
        introduces = kind == "words" and following == "quote"  # "On Friday Karen Black wrote:" belongs to the quotation
        out.append(_introduction(lines) if introduces else _BLOCKS[kind](lines))
    if signature:
        out.append(_small(below.rstrip("\n").split("\n")))
    return "".join(out)


def _link(found: re.Match[str]) -> str:
    if found["mail"]:
        return f'<a href="mailto:{found[0]}">{found[0]}</a>'
    address = found[0].rstrip(_TRAILING)
    if address.endswith(")") and "(" not in address:
        address = address[:-1]
    return f'<a href="{address}">{address}</a>{found[0][len(address) :]}'


def _kind(line: str, marker: str) -> str:
    if line == marker:
        return "marker"
    if not line or line.isspace():
        return "blank"
    if line.startswith("&gt;"):
        return "quote"
    return "row" if line[0] in _ROW_BEGINS and _ROW.fullmatch(line) else "words"


def _small(lines: list[str]) -> str:
    return f'<p style="{SMALL}">{_lines(lines)}</p>\n'


def _blank(lines: list[str]) -> str:
    return ""


def _words(lines: list[str]) -> str:
    return f'<p style="{PARAGRAPH}">{_lines(lines)}</p>\n'


def _introduction(lines: list[str]) -> str:
    return f'<p style="{INTRODUCTION}">{_lines(lines)}</p>\n'


def _rows(lines: list[str]) -> str:
    cells = []
    for line in lines:
        label, value = _ROW.fullmatch(line).groups()  # type: ignore[union-attr]  # _kind has matched it
        cells.append(f'<tr><th style="{LABEL}">{label}</th><td style="{VALUE}">{value}</td></tr>')
    return f'<table style="{TABLE}">{"".join(cells)}</table>\n'


def _quote(lines: list[str]) -> str:
    out = []
    for depth, group in groupby(lines, key=_depth):
        inside = _lines([_QUOTE.sub("", line, count=1) for line in group])
        out.append(f'<blockquote style="{QUOTE}">' * depth + inside + "</blockquote>" * depth)
    return "".join(out) + "\n"


def _depth(line: str) -> int:
    found = _QUOTE.match(line)
    return min(found[0].count("&gt;") if found else 1, MOST_DEPTH)


_BLOCKS = {"marker": _small, "blank": _blank, "words": _words, "row": _rows, "quote": _quote}


def _lines(lines: list[str]) -> str:
    """Lines one below the other; blanks at the beginning are kept: they are how code and lists are written."""
    text = "<br>\n".join(lines)
    return _INDENT.sub(lambda found: "&nbsp;" * min(len(found[0]), 40), text) if "\n " in f"\n{text}" else text
