"""Header blocks: splitting, encoded words, parameters, ids, dates."""

from datetime import UTC, datetime

import pytest

from maild.core.mail import headers


def fields(raw: bytes) -> list[tuple[str, bytes]]:
    return headers.split(raw, 0, len(raw)).fields


def body(raw: bytes) -> bytes:
    return raw[headers.split(raw, 0, len(raw)).body :]


@pytest.mark.parametrize(
    ("raw", "rest"),
    [
        (b"A: 1\r\nB: 2\r\n\r\nhi", b"hi"),
        (b"A: 1\nB: 2\n\nhi", b"hi"),
        (b"From x Mon Jan  1\nA: 1\n\nhi", b"hi"),
        (b"A: 1\n   \nhi\n", b"hi\n"),
        (b"A: 1\nhello there\nhi", b"hello there\nhi"),
        (b"no header at all\n\nhi", b"no header at all\n\nhi"),
        (b"A: 1\nlost continuation\nanother one\nSubject: x\n\nhi", b"hi"),
        (b"A: 1", b""),
        (b"", b""),
        (b"\n\nhi", b"\nhi"),
    ],
)
def test_where_the_body_begins(raw: bytes, rest: bytes) -> None:
    assert body(raw) == rest


def test_folded_fields_are_one_line_and_names_are_lower_case() -> None:
    assert fields(b"X-Long : a\r\n b\r\n\tc\r\nEMPTY:\r\n\r\n") == [("x-long", b"a b\tc"), ("empty", b"")]


def test_a_letter_cannot_have_more_fields_than_the_cap() -> None:
    assert len(fields(b"X: y\n" * 5_000 + b"\n")) == headers.MAX_FIELDS


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),  # one character split between two words
        ("=?utf-8?B?ww==?=\t=?utf-8?B?vA?=", "ü"),  # the same in base64, the second without its padding
        ("=?iso-8859-1?q?=E4?= =?koi8-r?q?=C4?=", "äд"),
        ('"=?utf-8?q?in_quotes?="', '"in quotes"'),
        ("glued=?utf-8?q?_word?=here", "glued wordhere"),
        ("=?utf-8?q?with space inside?=", "with space inside"),
        ("=?utf-8*en?q?language?=", "language"),
        ("=?nosuch?q?=C3=BC?=", "ü"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?utf-8?x?what?=", "=?utf-8?x?what?="),
        ("=?utf-8?q?evil=0D=0ABcc:_x@y?=", "evil Bcc: x@y"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①"),  # a Microsoft character Python's own codec refuses
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?utf-7?q?Fr+APY-sche?=", "Frösche"),
    ],
)
def test_encoded_words(written: str, meant: str) -> None:
    assert headers.decode_words(written) == meant


@pytest.mark.parametrize(
    ("written", "head", "found"),
    [
        ("text/plain; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ('Text/HTML;CHARSET="UTF-8" ; x=1', "text/html", {"charset": "UTF-8", "x": "1"}),
        ("text/plain charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ('x/y; name="a;b.txt"', "x/y", {"name": "a;b.txt"}),
        (r'x/y; name="a\"b.txt"', "x/y", {"name": 'a"b.txt'}),
        (r'x/y; name="C:\dir\a.txt"', "x/y", {"name": r"C:\dir\a.txt"}),
        ("x/y; name=my report.pdf; a=b", "x/y", {"name": "my report.pdf", "a": "b"}),
        ('x/y; name="never closed', "x/y", {"name": "never closed"}),
        ("attachment; filename*=utf-8''%e2%82%ac.txt", "attachment", {"filename": "€.txt"}),
        ('attachment; filename*0="a"; filename*1=b', "attachment", {"filename": "ab"}),
        ("attachment; filename*1*=%bc.txt; filename*0*=utf-8''%C3", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename=x.txt; filename*=nosuch''y.txt", "attachment", {"filename": "y.txt"}),
        ("attachment; filename==?utf-8?q?=C3=BC.txt?=", "attachment", {"filename": "ü.txt"}),
        (";;; ;", "", {}),
    ],
)
def test_parameters(written: str, head: str, found: dict[str, str]) -> None:
    assert headers.parameters(written) == (head, found)


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@b><a@b>", ("a@b",)),
        ("<a@\r\n b>", ("a@b",)),
        ("Your letter of Monday <a@b>", ("a@b",)),
        ("a@b, c@d", ("a@b", "c@d")),
        ("<", ()),
        ("<>", ()),
        ("<<[x]@y>>", ("[x]@y",)),
        ("no id here", ()),
    ],
)
def test_message_ids(written: str, ids: tuple[str, ...]) -> None:
    assert headers.message_ids(written) == ids


def test_of_too_many_ids_the_newest_and_the_first_are_kept() -> None:
    ids = [f"{n}@x" for n in range(headers.MAX_IDS + 100)]
    kept = headers.message_ids(" ".join(f"<{one}>" for one in ids))
    assert (len(kept), kept[0], kept[1], kept[-1]) == (headers.MAX_IDS, ids[0], ids[101], ids[-1])


NOON = datetime(2024, 9, 2, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("Mon, 2 Sep 2024 12:00:30 +0000", NOON),
        ("2 Sep 2024 14:00:30 +0200 (CEST)", NOON),
        ("Mon, 02 Sep 24 12:00:30 GMT", NOON),
        ("Mon,2 Sep 2024 08:00:30 EDT", NOON),
        ("Mon, 2-Sep-2024 12:00:30 Z", NOON),
        ("Mon, 2 September 2024 12:00:30 PM", NOON),
        ("Mon Sep  2 12:00:30 2024", NOON),
        ("2024-09-02T12:00:30Z", NOON),
        ("Mon, 2 Sep 2024 12:00:60 +0000", NOON.replace(second=59)),
        ("Mon, 2 Sep 2024", NOON.replace(hour=0, second=0)),
        ("Mon, 2 Sep 2024 25:00:00 +0000", None),
        ("Mon, 32 Sep 2024 12:00:00 +0000", None),
        ("Mon, 2 Xyz 2024 12:00:00 +0000", None),
        ("Mon, 2 Sep 99999999999 12:00:00 +0000", datetime(9999, 9, 2, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("31 Dec 9999 23:00:00 -1200", None),
    ],
)
def test_dates(written: str, at: datetime | None) -> None:
    found = headers.date(written)
    assert found == at
    assert found is None or found.utcoffset() is not None
