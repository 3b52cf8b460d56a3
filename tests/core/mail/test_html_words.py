"""Formatting survives where, and only where, the words are those of the text."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.mail.html_words import formatted, named

QUOTED = '<div class="gmail_quote">On Friday John wrote:<blockquote>#note the secret plan</blockquote></div>'


def shown(html: str, words: str, **pictures: str) -> str:
    made = formatted(html, words, pictures)
    return made.html if made else ""


def bare(html: str) -> str:
    """Without styles: what a table tests."""
    return re.sub(r' style="[^"]*"', "", html).replace("\n", "")


@pytest.mark.parametrize(
    ("html", "words", "made"),
    [
        ("<div>Try <b>again</b>, please.</div>" + QUOTED, "Try *again*, please.", "<div>Try <b>again</b>, please.</div>"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("<p class=MsoNormal>One</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Two</p>", "One\n\nTwo", "<div>One</div><div>\xa0</div><div>Two</div>"),
        ("<ol><li>First</li><li>Second</li></ol>x", "1. First\n2. Second", "<ol><li>First</li><li>Second</li></ol>"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "* a\n  * b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ('See <a href="https://bank.example/x?a=1&amp;b=2">the page</a>.', "See the page <https://bank.example/x?a=1&b=2>.", 'See <a href="https://bank.example/x?a=1&amp;b=2">the page</a>.'),
        ('<a href="javascript:alert(1)">here</a>', "here", "here"),
        ('<a href="http://x.example/&quot; onclick=&quot;x">here</a>', "here", "here"),
        ("<table><tr><td>a</td><td></td><td>b</td></tr></table>", "a    b", "<table><tbody><tr><td>a</td><td></td><td>b</td></tr></tbody></table>"),
        ("<div>#take</div><div>We are on it.</div><div>#waiting</div>", "We are on it.", "<div>We are on it.</div>"),
        ("<span style='color:red'>Red</span> <font size=7>big</font>", "Red big", "Red big"),
        ("<script>alert(1)</script><style>p{}</style><p onclick=x>Hi &lt;b&gt;</p>", "Hi <b>", "<p>Hi &lt;b&gt;</p>"),
        ("„Grüße“ &amp; こんにちは!", "„Grüße“ & こんにちは!", "„Grüße“ &amp; こんにちは!"),
    ],
)  # fmt: skip
def test_what_people_format_survives(html: str, words: str, made: str) -> None:
    assert bare(shown(html, words)) == made


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>Hello <span style='display:none'>secret</span>Karen</p>", "Hello Karen"),
        ("<p>first</p><blockquote>quoted</blockquote><p>second</p>", "first\n\nsecond"),
        ("<p>Something else</p>", "Hello"),
        ("<b>" * 600 + "x" + "</b>" * 600, "x"),
        ("", "Hello"),
        ("<p>x</p>", ""),
    ],
)
def test_where_it_is_not_certain_there_is_no_formatting(html: str, words: str) -> None:
    assert formatted(html, words, {}) is None


def test_pictures_in_and_right_below_the_words_are_shown_and_no_others() -> None:
    html = (
        '<p>See <img src="cid:one@x" alt="secret"> this:</p><img src="CID:two@x"><img src="https://t.example/pixel.gif">'
        '<p>-- <br>John</p><img src="cid:logo@x">' + QUOTED
    )
    made = formatted(html, "See this:", {"one@x": "1@us", "two@x": "2@us", "logo@x": "3@us"})
    assert made is not None
    assert made.shown == {"one@x", "two@x"}
    assert re.findall(r'src="([^"]+)"', made.html) == ["cid:1@us", "cid:2@us"]
    assert "secret" not in made.html
    assert "t.example" not in made.html
    assert named(html) == {"one@x", "two@x", "logo@x"}


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


PIECES = st.sampled_from(
    [
        "<p>", "</p>", "<b>", "</b>", "<ul><li>", "</li></ul>", "<ol><li>", "</ol>", "<table><tr><td>", "</table>", "<br>", "<a href='https://x.example/'>", "</a>",
        "<a href=\"x' onclick='y\">", "<img src=cid:a>", "<img src=x onerror=y>", "<script>bad</script>", "<style>", "<!-- hidden -->", "<blockquote>", "</blockquote>",
        "<div style='x'>", "</div>", "<svg>", "<iframe src=x>", "words", "more", "4711", "&lt;b&gt;", "&amp;", "“x”", "é", "#note", " ", "\n", "<p class=MsoNormal>", "<", ">",
    ]
)  # fmt: skip


@given(
    st.lists(PIECES, max_size=25).map("".join),
    st.lists(st.sampled_from(["words", "more", "4711", "x", "é", " ", "\n", "1. "]), max_size=6).map("".join),
)
def test_not_a_word_more_comes_along(html: str, words: str) -> None:
    made = formatted(html, words, {"a": "p@us"})
    if made is None:
        return
    page = Tags(made.html)
    assert not page.open
    letters = "".join(filter(str.isalnum, page.text))
    wanted = "".join(filter(str.isalnum, words))
    assert letters == wanted or letters == wanted.replace("1", "")  # numbers of list items are drawn by the reader
    for tag, attributes in page.tags:
        assert set(attributes) <= {"style", "href", "src", "alt"}
        assert tag not in {"script", "style", "svg", "iframe", "blockquote", "span"}
        assert attributes.get("src") in (None, "cid:p@us")
        assert attributes.get("href") in (None, "https://x.example/")


@pytest.mark.parametrize(
    "html",
    ["<p>" * 100_000, "<b>x" * 100_000, "<div></div>" * 40_000, "a" * 400_000, "<a href='https://" + "x" * 300_000, "<li>" * 100_000, "ab" * 200_000, "<td>x" * 60_000],
)  # fmt: skip
@pytest.mark.parametrize("words", ["x", "ab" * 50_000 + "c"])
def test_no_html_takes_long(html: str, words: str) -> None:
    began = time.process_time()
    formatted(html, words, {})
    assert time.process_time() - began < 1.5
