"""The body: flowed text, transfer encodings, the HTML twin."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters_desk import unflowed

from maild.core.mail.quoting import REPLY_MARKER
from maild.letters import mime
from maild.letters.page import page_body

LINE = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
PLAIN_LINES = st.lists(LINE.filter(lambda line: not line.startswith(">")), max_size=12)


@given(PLAIN_LINES)
def test_flowed_text_flows_back(lines: list[str]) -> None:
    text = "\n".join(line if line == "-- " else line.rstrip() for line in lines)
    assert unflowed(mime.flowed("\n".join(lines))) == text


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("From here on", " From here on"),
        (" indented", "  indented"),
        ("> quoted", "> quoted"),
        ("-- ", "-- "),
        ("ends with blanks   ", "ends with blanks"),
        ("x" * 200, "x" * 200),
    ],
)
def test_what_flowed_text_does_to_a_line(written: str, sent: str) -> None:
    assert mime.flowed(written) == sent


def test_long_lines_are_broken_softly_below_79_columns() -> None:
    lines = mime.flowed("word " * 100).split("\n")
    assert len(lines) > 5
    assert all(len(line) <= 78 for line in lines)
    assert all(line.endswith(" ") for line in lines[:-1])


def test_a_wrapped_line_never_begins_like_a_quotation() -> None:
    text = "x" * 70 + " > is greater and " + "y" * 60
    assert not any(line.startswith(">") for line in mime.flowed(text).split("\n"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\n", "7bit"),
        ("schön\n", "quoted-printable"),
        ("こんにちは\n", "base64"),
        ("x" * 2000, "quoted-printable"),
        (".\n..\n.leading dot\n", "7bit"),
    ],
)
def test_transfer_encodings(text: str, encoding: str) -> None:
    name, content = mime._encode_text(text)
    assert name == encoding
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


# --------------------------------------------------------------------- HTML


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = st.lists(
    st.sampled_from(
        [
            "<script>alert(1)</script>", "&lt;b&gt;", "https://x.example/?a=1&b=2", 'https://x.example/"onclick=x', "a@b.example",
            "javascript:alert(1)", "> ", ">> x", "'", '"', "\t", "  ", "Label:  value", "#take  yours", "-- ", "&amp;", "http://",
            "https://x.example/<b>", "<a href='x'>", "mailto:a@b.example", "https://\u202eevil.example", REPLY_MARKER, "\n",
        ]
    ),
    max_size=20,
).map("".join)  # fmt: skip


@given(HOSTILE)
def test_the_page_has_only_our_tags_and_only_harmless_links(text: str) -> None:
    page = Tags(str(page_body(text, REPLY_MARKER)))
    for tag, attributes in page.tags:
        assert tag in {"p", "br", "a", "table", "tr", "th", "td", "blockquote"}
        assert set(attributes) <= {"style", "href"}
        assert not attributes.get("href") or re.match(r"https?://|mailto:[^:]+$", attributes["href"] or "")


@given(HOSTILE)
def test_the_page_says_what_the_text_says(text: str) -> None:
    def letters_of(what: str) -> str:
        return re.sub(r"[\s>\u00a0:-]", "", what)

    assert letters_of(Tags(str(page_body(text, REPLY_MARKER))).text) == letters_of(text)


def test_links_quotations_cards_and_signature() -> None:
    text = "See https://bank.example/a?b=1&c=2, or (https://x.example/y).\n\n> quoted\n>> twice\n\nTeam:  Banking\n#take  yours\n\nor write to help@bank.example.\n-- \nExample Bank\n"
    page = str(page_body(text, REPLY_MARKER))
    assert '<a href="https://bank.example/a?b=1&amp;c=2">https://bank.example/a?b=1&amp;c=2</a>, or' in page
    assert '(<a href="https://x.example/y">https://x.example/y</a>).' in page
    assert '<a href="mailto:help@bank.example">help@bank.example</a>.' in page
    assert page.count("<blockquote") == 3
    assert re.search(r"<th[^>]*>Team</th><td[^>]*>Banking</td>", page)
    assert re.search(r"<th[^>]*>#take</th><td[^>]*>yours</td>", page)
    assert "font-size:12px" in page.partition("Example Bank")[0].rpartition("<p")[2]
    assert "<br>\n</p>" not in page


@pytest.mark.parametrize(
    "bomb",
    ["a@" * 100_000, ">" * 200_000, "https://" * 25_000, "https://x" + "." * 200_000, "&" * 200_000, "A" * 200_000 + ":", " " * 200_000,
     "a." * 100_000 + "@", ("x@" + "a." * 30) * 3000, "\n" * 200_000, "\n> " * 60_000, "#" * 200_000, "word " * 40_000, "T:  x\n" * 30_000],
)  # fmt: skip
def test_no_text_takes_long(bomb: str) -> None:
    began = time.process_time()
    mime.body(bomb, str(page_body(bomb, REPLY_MARKER)), [], "seed")
    assert time.process_time() - began < 1.5
