"""Letters that cost much to read, at any size: one small thing again and again.

Read by the tests, at a megabyte, and by `tests/bench/bench_reading.py`, at the largest
letter a desk takes. A test's name for each.
"""

from collections.abc import Callable

Bomb = Callable[[int], bytes]  # bytes wanted → a letter of about that size

HEAD = b"From: a@b.example\nTo: c@d.example\nSubject: x\n"
HTML = HEAD + b"Content-Type: text/html\n\n"
ALTERNATIVE = HEAD + b"Content-Type: multipart/alternative; boundary=b\n\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"
DAEMON = b"From: mailer-daemon@x.example\nSubject: Undelivered\n\n"


def times(head: bytes, piece: bytes, tail: bytes = b"\n\nhi") -> Bomb:
    return lambda size: head + piece * (size // len(piece)) + tail


BOMBS: dict[str, Bomb] = {
    "crlf": times(HEAD + b"\n", b"\r\n"),
    "blank header lines": times(HEAD, b" \n"),
    "nothing but line ends": times(b"", b"\n"),
    "nul": times(b"", b"\0"),
    "brackets in cc": times(HEAD + b"Cc: ", b"("),
    "quotes in cc": times(HEAD + b"Cc: ", b'"'),
    "escaped quotes in cc": times(HEAD + b"Cc: ", b'"\\'),
    "angles in cc": times(HEAD + b"Cc: ", b"<"),
    "commas in cc": times(HEAD + b"Cc: ", b","),
    "ats in cc": times(HEAD + b"Cc: ", b"a@"),
    "blanks in cc": times(HEAD + b"Cc: a", b" "),
    "many addresses": times(HEAD + b"Cc: ", b"a b <a@b.c>, "),
    "many fields": times(b"", b"X: y\n"),
    "many from fields": times(b"", b"From: a (\n"),
    "junk in the header": times(b"From: a@b\n", b"junk\n"),
    "junk between fields": times(b"From: a@b\n", b"junk\nTo: x\n"),
    "encoded words": times(b"Subject: ", b"=?utf-8?q?a?= "),
    "open encoded words": times(b"Subject: ", b"=?a?q?"),
    "open encoded words in many fields": times(b"", b"X-A: " + b"=?a?q?" * 2_300 + b"\n"),
    "references": times(b"References: ", b"<a"),
    "parameters": times(b"Content-Type: text/plain", b"; a=b"),
    "semicolons": times(b"Content-Type: text/plain", b";"),
    "semicolons in many parts": times(MIXED, b"--b\nContent-Type: text/plain" + b"; " * 4_000 + b"\n\nx\n"),
    "continuations": times(b"Content-Type: x/y", b"".join(b";\n name*%d*=a" % n for n in range(1_000))),
    "empty parts": times(MIXED, b"--b\n"),
    "other delimiters": times(MIXED, b"--c\n"),
    "multiparts without boundary": times(MIXED, b"--b\nContent-Type: multipart/mixed\n\n"),
    "nested multiparts": lambda size: (
        HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(size // 60))
    ),
    "nested letters": lambda size: HEAD + b"Content-Type: message/rfc822\n\n" * (size // 30),
    "one line": times(HEAD + b"\n", b"a"),
    "blanks": times(HEAD + b"\n", b" "),
    "quote signs": times(HEAD + b"\n", b">"),
    "quoted lines": times(HEAD + b"\n", b">\n"),
    "quoted lines with gaps": times(HEAD + b"\n", b"> a\n\n"),
    "on": times(HEAD + b"\n", b"On a\n"),
    "colons": times(HEAD + b"\n", b"a:\n"),
    "attributions": times(HEAD + b"\n", b"wrote:\n"),
    "header blocks": times(HEAD + b"\n", b"From:\n"),
    "torn addresses": times(HEAD + b"\n", b"a <b\n>:\n"),
    "dashes": times(HEAD + b"\n", b"-"),
    "signatures": times(HEAD + b"\n", b"-- \n"),
    "rules": times(HEAD + b"\n", b"_" * 60 + b"\n"),
    "devices": times(HEAD + b"\n", b"sent from my phone\n"),
    "flowed": times(HEAD + b"Content-Type: text/plain; format=flowed\n\n", b"a \n"),
    "uuencode": times(HEAD + b"\n", b"begin 644 a\n"),
    "uuencoded files": times(HEAD + b"\n", b"begin 644 a\nend\n"),
    "base64": times(HEAD + b"Content-Type: x/y\nContent-Transfer-Encoding: base64\n\n", b"A=\n"),
    "quoted-printable": times(HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n", b"=\n"),
    "iso-2022-jp": times(HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\x1b$B"),
    "divs": times(HTML, b"<div>"),
    "open tags": times(HTML, b"<a "),
    "comments": times(HTML, b"<!--"),
    "blockquotes": times(HTML, b"<blockquote>a"),
    "quote containers": times(HTML, b"<div class=gmail_quote>a"),
    "tables": times(HTML, b"<table><tr><td>"),
    "formatting": times(HTML, b"<b><p>"),
    "breaks": times(HTML, b"<br>"),
    "bounced addresses": times(DAEMON, b"a@b.c "),
    "bounce lines": times(DAEMON, b"<a@b.c>: unknown\n"),
    "bounce ats": times(DAEMON, b"a@"),
    "status fields": times(b"Content-Type: message/delivery-status\n\n", b"Final-Recipient: rfc822;a@b.c\n"),
    "folded status fields": times(b"Content-Type: message/delivery-status\n\n", b"\n "),
    "date": times(b"Date: ", b"1 "),
    "delimiters with junk": times(MIXED, b"--b junk\n"),
    "delimiters with dashes": times(MIXED, b"--b--b--\n"),
    "base64 with footers": times(HEAD + b"Content-Type: x/y\nContent-Transfer-Encoding: base64\n\n", b"AA==\n-- \n"),
    "lost indentation": times(b"Content-Type: a/b;\n", b"a=b;\n"),
    "plain alternatives": times(ALTERNATIVE, b"--b\nContent-Type: text/plain\n\nx\n"),
    "koi8": times(HEAD + b"\n", "привет мир ".encode("koi8-r")),
    "high bytes": times(HEAD + b"\n", b"\xff"),
    "western utf-8": times(HEAD + b"\n", b"\xc3\xa4 \xe4 "),
    "shift jis": times(HEAD + b"\n", "これは".encode("cp932")),
    "calendar": times(HEAD + b"Content-Type: text/calendar\n\nBEGIN:VEVENT\n", b"SUMMARY:a\n b\n"),
    "calendar quotes": times(HEAD + b"Content-Type: text/calendar\n\nBEGIN:VEVENT\n", b'A;B="x";'),
    "amazon notices": times(
        HEAD + b"\n", b'{"notificationType":"Bounce","bouncedRecipients":[{"emailAddress":"a@b.c"}'
    ),
    "amazon braces": times(HEAD + b"\n", b'"notificationType":"Bounce" "bouncedRecipients" {'),
    "challenges": times(b"Subject: please confirm your message\n\n", b"click the link "),
    "cards": times(HEAD + b"\n", b"www.example.com\n+49 30 1234\n"),
    "closings": times(HEAD + b"\nhi\n", b"-bob\n"),
    "lists": times(HTML, b"<ol><li>a"),
    "links": times(HTML, b"<a href=http://x.example>a"),
    "interleaved quotes": times(HTML, b"<div class=gmail_quote><blockquote></blockquote>a"),
    "armour": times(HEAD + b"\n", b"-----BEGIN PGP MESSAGE-----\n"),
    "thanks": times(b"Subject: thanks thanks\n\n", b"thanks ", b""),
    "absences": times(
        b"Auto-Submitted: auto-replied\nDate: 1 Nov 2024 10:00 +0000\nSubject: out of office\n\n", b"until 5.11. "
    ),
    "tnef": times(HEAD + b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\0\0", b"\2\x90\6\0\0\0\0\0"),
}
