"""HTML to text, and to HTML that runs and loads nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail import read, safe_html
from maild.core.mail.html import to_text
from maild.core.mail.quoting import QUOTE_BEGIN, QUOTE_END


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a <b>bold</b>, <i>it</i>.", "a bold, it."),
        ("<ul><li>x<li>y</ul>z", "* x\n* y\n\nz"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a  b\nc  d"),
        ("a<blockquote>q<blockquote>r</blockquote></blockquote>b", "a\n\n> q\n>\n> > r\n>\n\nb"),
        ("<pre>x\n  y</pre>", "x\n  y"),
        ("<style>p{}</style><script>x</script><title>t</title>a", "a"),
        ("a&nbsp;&amp;&nbsp;b &lt;c&gt;", "a & b <c>"),
        ("  many \n\n spaces  ", "many spaces"),
        ("<img src=x alt=Lamp>", "[Lamp]"),
        ("a<hr>b", "a\n________________________________\nb"),
        ("", ""),
        ("<", "<"),
        ("a<!-- x -->b", "ab"),
        ('<div class="gmail_quote">old</div>', f"{QUOTE_BEGIN}\nold\n{QUOTE_END}"),
        (f"a{QUOTE_END}b", "ab"),
    ],
)
def test_to_text(html: str, text: str) -> None:
    assert to_text(html) == text


CLIENTS = {
    "gmail": '<div>Own</div><div class="gmail_quote"><div>On Mon Bob wrote:</div><blockquote>old</blockquote></div>',
    "outlook": "<p>Own</p><div><div style='border-top:solid #E1E1E1'><p><b>From:</b> Bob &lt;b@x.example&gt;<br><b>Sent:</b> Monday<br>"
    "<b>To:</b> Ann<br><b>Subject:</b> Lamp</p></div></div><p>old</p>",
    "outlook on the web": "<div>Own</div><hr><div id=divRplyFwdMsg><b>Von:</b> Bob<br><b>Gesendet:</b> Mo</div><div>old</div>",
    "apple": "<div>Own</div><div><blockquote type=cite><div>On 2 Sep 2024, Bob &lt;b@x.example&gt; wrote:</div>old</blockquote></div>",
    "thunderbird": '<p>Own</p><div class="moz-cite-prefix">On 9/2/24, Bob wrote:</div><blockquote type="cite">old</blockquote>',
    "yahoo": '<div>Own</div><div class="yahoo_quoted"><div>On Monday, Bob wrote:</div>old</div>',
    "proton": '<div>Own</div><div class="protonmail_quote">On Monday Bob wrote:<blockquote>old</blockquote></div>',
    "gmail signature": '<div>Own</div><div class="gmail_signature">Ann<br>Bank</div>',
}


@pytest.mark.parametrize("html", CLIENTS.values(), ids=CLIENTS.keys())
def test_the_visible_reply_of_html_letters(html: str) -> None:
    message = read(f"From: a@x.example\nSubject: Re: Lamp\nContent-Type: text/html; charset=utf-8\n\n{html}".encode())
    assert message.new_text == "Own"
    assert "old" in message.text or "Bank" in message.text


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src=https://track.example/p.gif>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<iframe src=//x></iframe>",
        "<style>@import 'https://x'</style>",
        "<p style='background:url(https://x)'>x</p>",
        "<form action=https://x><input name=p></form>",
        "<svg onload=alert(1)>",
        "<link rel=stylesheet href=https://x>",
        "<meta http-equiv=refresh content='0;https://x'>",
        "<base href=https://x>",
        "<math><mtext><script>alert(1)</script></mtext></math>",
        "\ud800<script>alert(1)</script>",
    ],
)
def test_safe_html_runs_and_loads_nothing(evil: str) -> None:
    safe = safe_html(f"<p>before</p>{evil}<p>after</p>")
    lowered = safe.lower()
    for sign in (
        "script",
        "onerror",
        "onload",
        "javascript:",
        "data:",
        "http",
        "style",
        "<form",
        "<iframe",
        "<svg",
        "url(",
    ):
        assert sign not in lowered
    assert "before" in safe
    assert safe_html(safe) == safe


def test_safe_html_keeps_what_people_write() -> None:
    html = '<p>a <b>b</b> <a href="https://x.example/">c</a> <img src="cid:pic@x" alt="d"></p>'
    safe = safe_html(html)
    assert "<b>b</b>" in safe
    assert 'href="https://x.example/"' in safe
    assert 'src="cid:pic@x"' in safe


@pytest.mark.parametrize(
    ("unsafe", "safe"),
    [
        ('<a href="tel:+4930">call</a>', "call"),
        ('<a href="/admin/delete">here</a>', "here"),
        ('<a href="//evil.example/x">here</a>', "here"),
        ('<a href="java\tscript:alert(1)">here</a>', "here"),
        ('<a href="data:text/html,x">here</a>', "here"),
        ('<form action="https://evil.example"><input name=p><button>go</button></form>', "go"),
        ('<img src="https://track.example/1.gif" alt="x">', "x"),
        ('<p style="background:url(https://track.example)">a</p><style>p{background:url(x)}</style>', "a"),
        ('<svg><script>alert(1)</script><a xlink:href="javascript:alert(1)">x</a></svg>', ""),
        ("<math><mtext><script>alert(1)</script></mtext></math>", ""),
        ('<div onclick="x()">a</div><iframe srcdoc="<script>x</script>"></iframe>', "a"),
        ("<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", ""),
        ("<meta http-equiv=refresh content='0;url=https://evil.example'><base href=https://evil.example>a", "a"),
    ],
)
def test_what_is_shown_runs_and_loads_nothing(unsafe: str, safe: str) -> None:
    shown = safe_html(unsafe)
    for word in (
        "script",
        "onerror",
        "onclick",
        "evil",
        "track",
        "style",
        "javascript",
        "data:",
        "tel:",
        "/admin",
        "<form",
        "<svg",
    ):
        assert word not in shown
    assert safe in shown


def test_what_people_use_is_kept() -> None:
    html = '<p>a <b>b</b> <a href="https://x.example/">x</a> <a href="mailto:a@b.example">m</a></p><img src="cid:p@x" alt="p">'
    shown = safe_html(html)
    for piece in ("<b>b</b>", 'href="https://x.example/"', 'href="mailto:a@b.example"', 'src="cid:p@x"'):
        assert piece in shown


TAGS = [
    "<p>",
    "</p>",
    "<a href='https://x'>",
    "</a>",
    "<script>",
    "</script>",
    "<svg>",
    "<style>",
    "<!--",
    "-->",
    "<img src=cid:x>",
]
TAGS += [
    "<noscript>",
    "<table>",
    "<td>",
    "<math>",
    "<mi>",
    "<select>",
    "</select>",
    "<textarea>",
    "&lt;",
    "&amp;",
    "&nbsp;",
    "a",
    " ",
    "<",
    "'",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TAGS), max_size=40))
def test_making_safe_twice_changes_nothing(pieces: list[str]) -> None:
    once = safe_html("".join(pieces))
    assert safe_html(once) == once
