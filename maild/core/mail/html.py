"""HTML bodies: to plain text for reading and rules, to safe HTML for showing.

It refuses to know what is quoted, except where the markup itself says so. Called by
`bodies`. The parser is lexbor (selectolax), which no input has been found to slow down;
the standard library's html.parser hangs on a few kilobytes of `<!--`. The walk over the
tree is iterative, because trees are as deep as a sender likes.
"""

from __future__ import annotations

import re
from html import escape, unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from maild.core.mail.quoting import QUOTE_BEGIN, QUOTE_END

MAX_NESTING = 500  # elements inside each other; parsers take quadratic time on more, real letters reach about 60
MAX_QUOTES = 20  # levels of `> ` written out
MAX_ROUNDS = 5  # of making HTML safe until nothing changes; two are the rule, misnested tags take three
MAX_INTERLEAVED = 200  # children of a quote's container looked at for answers
MAX_LINK = 200  # characters of an address written out; longer ones are for counting clicks, not for reading
MAX_HTML = 400_000  # characters parsed; the longest newsletters have about 200 000

SKIPPED = frozenset(
    {"head", "style", "script", "title", "meta", "link", "template", "noscript", "object", "svg", "math", "iframe"}
    | {"select", "textarea", "button", "audio", "video", "canvas"}
)
_BLOCKS = frozenset(
    {"div", "section", "article", "header", "footer", "main", "aside", "table", "tr", "form", "center", "address"}
    | {"figure", "fieldset", "tbody", "thead", "tfoot", "dl", "dt", "dd", "li", "hr", "pre", "body", "caption"}
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"})

# Containers in which mail clients put the letter that is answered: (attribute, value or beginning of it).
_QUOTE_CLASSES = frozenset(
    {"gmail_quote", "gmail_extra", "yahoo_quoted", "moz-cite-prefix", "zmail_extra", "protonmail_quote"}
    | {"ms-outlook-mobile-reference-message", "front-blockquote"}
)
_QUOTE_IDS = frozenset(
    {"olk_src_body_section", "mail-editor-reference-message-container", "mailcontainer_quoted", "isreplycontent"}
)
_QUOTE_BEGINS = frozenset({"divrplyfwdmsg", "appendonsend", "replysplit"})  # all that follows is quoted, inside or not
_SIGNATURES = frozenset({"gmail_signature", "moz-signature", "protonmail_signature_block"})
_MARKS = re.compile(f"[{QUOTE_BEGIN}{QUOTE_END}]")
_WHITE = re.compile(r"[ \t\r\n\f\v]+")
_BLANKS = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def to_text(html: str) -> str:
    """The readable text: blocks on lines of their own, `> ` before quoted lines, "* " before list items."""
    html = _MARKS.sub("", html[:MAX_HTML])
    return _without_tags(html) if too_deep(html) else _Walker().run(html)


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_FLAT = frozenset(  # elements that hold nothing, or that the next one of their kind closes
    {
        "br",
        "img",
        "hr",
        "input",
        "meta",
        "link",
        "wbr",
        "col",
        "area",
        "base",
        "source",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "dt",
        "dd",
        "option",
    }
    | {"o:p"}
)


def too_deep(html: str) -> bool:
    """Whether elements are nested so deeply that a parser would take its time."""
    if html.count("<") <= MAX_NESTING:
        return False
    depth = 0
    for closing, name in _TAG.findall(html):
        if name.lower() in _FLAT:
            continue
        depth += -1 if closing and depth else not closing
        if depth > MAX_NESTING:
            return True
    return False


def _without_tags(html: str) -> str:
    return _BLANKS.sub("\n\n", re.sub(r"<[^<>]*+>?", "\n", html)).strip("\n")


def _role(node: LexborNode) -> str:
    """What a mail program says of an element: "quote", "rest" (all after it is quoted), "signature" or nothing."""
    attributes = node.attributes
    if not attributes:
        return ""
    identity = (attributes.get("id") or "").lower()
    if identity in _QUOTE_BEGINS:
        return "rest"
    classes = (attributes.get("class") or "").lower().split()
    if node.tag != "blockquote" and (identity in _QUOTE_IDS or not _QUOTE_CLASSES.isdisjoint(classes)):
        return "" if _interleaved(node) else "quote"
    return "" if _SIGNATURES.isdisjoint(classes) else "signature"


def _interleaved(node: LexborNode) -> bool:
    """Whether somebody answered between the quotes inside the container: then only its blockquotes are quotes."""
    child, quoted = node.first_child, False
    for _ in range(MAX_INTERLEAVED):
        if child is None:
            break
        if child.tag == "blockquote":
            quoted = True
        elif quoted and child.text().strip():
            return True
        child = child.next
    return False


class _Walker:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.pre = 0
        self.space = False
        self.lists: list[int] = []  # of the open lists, the number of the next item; 0 in one without numbers
        self.links: list[tuple[str, int]] = []  # open links: where to, and how much of the line was there before

    def run(self, html: str) -> str:
        body = LexborHTMLParser(html).body
        if body is None:
            return ""
        stack: list[tuple[LexborNode, bool | None]] = [(body, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag
            if leaving is None:
                self._mark(QUOTE_END)
                continue
            if leaving:
                self._leave(tag or "")
                continue
            if tag == "-text":
                self._text(node.text_content or "")
                continue
            if not tag or tag.startswith(("-", "!")) or tag in SKIPPED:
                continue
            role = _role(node)
            if role == "signature":
                self._sign()
            elif role:
                self._mark(QUOTE_BEGIN)
                if role == "quote":
                    stack.append((node, None))
            self._enter(tag, node)
            stack.append((node, True))
            child = node.last_child
            while child is not None:
                stack.append((child, False))
                child = child.prev
        self._break()
        return "\n".join(self.lines).strip("\n")

    def _text(self, text: str) -> None:
        if self.pre:
            first, *others = text.split("\n")
            self.line.append(first)
            for other in others:
                self._flush()
                self.line.append(other)
            return
        words = _WHITE.sub(" ", text)
        if words == " " or not words:
            self.space = self.space or bool(words)
            return
        if (self.space or words[0] == " ") and self.line:
            self.line.append(" ")
        self.line.append(words.strip(" "))
        self.space = words[-1] == " "

    def _flush(self) -> None:
        text = "".join(self.line).replace("\u00a0", " ").rstrip()
        self.line = []
        self.space = False
        self.lines.append("> " * min(self.quotes, MAX_QUOTES) + text if self.quotes else text)

    def _break(self) -> None:
        """The line ends, if it has begun."""
        if self.line:
            self._flush()
        self.space = False

    def _gap(self) -> None:
        """An empty line, unless there is one."""
        self._break()
        blank = ("> " * min(self.quotes, MAX_QUOTES)).rstrip()
        if self.lines and (self.lines[-1].strip("> ") or (self.lines[-1] and not blank)):
            self.lines.append(blank)

    def _mark(self, mark: str) -> None:
        self._break()
        self.lines.append(mark)

    def _sign(self) -> None:
        """A signature's container begins: write the delimiter of RFC 3676 section 4.3, unless it is there."""
        self._break()
        before = next((line for line in reversed(self.lines[-5:]) if line.strip("> ")), "")
        if before and before.strip("> ") != "--":
            self.lines.append("-- ")

    def _enter(self, tag: str, node: LexborNode) -> None:
        if tag == "br":
            self._flush()
        elif tag in _BLOCKS:
            self._break()
            if tag == "li":
                self._item()
            elif tag == "pre":
                self.pre += 1
            elif tag == "hr":
                self.lines.append("_" * 32)
        elif tag in _PARAGRAPHS:
            self._gap()
            self.quotes += tag == "blockquote"
            if tag in ("ul", "ol"):
                self.lists.append(int(tag == "ol"))
        elif tag == "a":
            self.links.append(((node.attributes.get("href") or "").strip(), len(self.line)))
        elif tag in ("td", "th"):
            if self.line:
                self.line.append("  ")
        elif tag == "img" and (alt := (node.attributes.get("alt") or "").strip()):
            self._text(f"[{alt}]")

    def _leave(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._break()
            if tag == "pre":
                self.pre -= 1
        elif tag in _PARAGRAPHS:
            self._break()
            if tag == "blockquote":
                self.quotes -= 1
            elif tag in ("ul", "ol") and self.lists:
                self.lists.pop()
            self._gap()
        elif tag == "a" and self.links:
            self._link(*self.links.pop())

    def _item(self) -> None:
        number = self.lists[-1] if self.lists else 0
        self.line.append(f"{number}. " if number else "* ")
        if number:
            self.lists[-1] += 1

    def _link(self, target: str, begin: int) -> None:
        """Where a link leads, behind its words, unless they say so themselves."""
        if not target.lower().startswith(("http://", "https://")) or len(target) > MAX_LINK:
            return
        words = "".join(self.line[begin:] if begin <= len(self.line) else self.line).strip().rstrip("/").lower()
        bare = target.lower().partition("://")[2].removeprefix("www.").rstrip("/")
        if words and words.partition("://")[2].removeprefix("www.") != bare and words.removeprefix("www.") != bare:
            self.line.append(f" <{target}>")


def safe_html(html: str) -> str:
    """HTML that runs nothing and loads nothing: no script, style, form, event or remote image.

    Making it safe again changes nothing: taking a tag out may let others nest as no parser
    reads them again, and where that does not settle the words are all that is shown.
    """
    text = html[:MAX_HTML].encode("utf-8", "replace").decode("utf-8")
    if not too_deep(text):
        for _ in range(MAX_ROUNDS):
            before, text = text, _cleaned(text)
            if text == before:
                return text
    return escape(unescape(_without_tags(text)))


def _cleaned(html: str) -> str:
    import nh3  # noqa: PLC0415 - only pages that show letters need it; keeping it out makes the start quick

    return nh3.clean(
        html,
        tags=_SHOWN,
        clean_content_tags={"script", "style", "title", "head", "svg", "math", "template", "noscript"},
        attributes={"a": {"href", "title"}, "img": {"src", "alt", "width", "height"}, "td": _CELL, "th": _CELL},
        attribute_filter=_local_images,
        url_schemes={"http", "https", "mailto", "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


_CELL = {"colspan", "rowspan", "align"}
_SHOWN = set(
    "a abbr b blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins "
    "kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var".split()
)


def _local_images(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src" and not value.strip().lower().startswith("cid:"):
        return None
    if tag == "a" and name == "href" and value.strip().lower().startswith("cid:"):
        return None
    return value
