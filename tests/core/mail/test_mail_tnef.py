"""winmail.dat, packed here by an encoder of its own (MS-OXTNEF, MS-OXRTFCP)."""

import struct
import time
from base64 import b64decode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maild.core.mail import rtf, tnef
from maild.core.mail.tnef import Packed

BEGIN_FILE, FILE_TITLE, FILE_DATA, FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
CODEPAGE, CLASS, SUBJECT, BODY, PRIORITY, PROPERTIES = (
    0x00069007,
    0x00078008,
    0x00018004,
    0x0002800C,
    0x0004800D,
    0x00069003,
)
LONG, TEXT, UNICODE, BINARY, OBJECT = 0x03, 0x1E, 0x1F, 0x102, 0x0D


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) % 65536)


def padded(value: bytes) -> bytes:
    return value + b"\x00" * (-len(value) % 4)


def prop(name: int, kind: int, value: object, named: bytes = b"") -> bytes:
    head = struct.pack("<HH", kind, name) + named
    if kind == LONG:
        return head + struct.pack("<I", value)
    data = value.encode("utf-16-le") + b"\x00\x00" if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
    return head + struct.pack("<II", 1, len(data)) + padded(data)


def block(*props: bytes) -> bytes:
    return struct.pack("<I", len(props)) + b"".join(props)


def stream(*attributes: bytes) -> bytes:
    return tnef.SIGNATURE + b"\x01\x00" + attribute(1, 0x00089006, b"\x00\x00\x01\x00") + b"".join(attributes)


def letter(*props: bytes) -> bytes:
    return attribute(1, PROPERTIES, block(*props))


def file(title: bytes, data: bytes, *props: bytes) -> bytes:
    out = attribute(2, BEGIN_FILE, b"\x01\x00" + b"\xff" * 12) + attribute(2, FILE_TITLE, title + b"\x00")
    return out + attribute(2, FILE_DATA, data) + (attribute(2, FILE_PROPERTIES, block(*props)) if props else b"")


def compressed(text: bytes) -> bytes:
    """Literals only, and the reference that says "end"."""
    body, position = bytearray(), 207
    for start in range(0, len(text), 8):
        piece = text[start : start + 8]
        position += len(piece)
        if len(piece) == 8:
            body += b"\x00" + piece
        else:
            body += bytes((1 << len(piece),)) + piece + struct.pack(">H", position % 4096 << 4)
    if len(text) % 8 == 0:
        body += b"\x01" + struct.pack(">H", position % 4096 << 4)
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", 0) + bytes(body)


def unpacked(data: bytes) -> Packed:
    found = tnef.unpack(data)
    assert found is not None
    return found


# --------------------------------------------------------------------- the letter


def test_an_old_letter_of_attributes() -> None:
    found = unpacked(
        stream(
            attribute(1, CODEPAGE, struct.pack("<II", 1251, 0)),
            attribute(1, CLASS, b"IPM.Microsoft Mail.Note\x00"),
            attribute(1, SUBJECT, "Принтер".encode("cp1251") + b"\x00"),
            attribute(1, BODY, "Не печатает\r\nсовсем".encode("cp1251") + b"\x00"),
            attribute(1, PRIORITY, b"\x01\x00"),
            file("отчёт.txt".encode("cp1251"), b"abc"),
        )
    )
    assert found.subject == "Принтер"
    assert found.message_class == "IPM.Microsoft Mail.Note"
    assert found.importance == "high"
    assert found.text == "Не печатает\nсовсем"
    assert [(one.name, one.data) for one in found.files] == [("отчёт.txt", b"abc")]
    assert found.defects == ()


def test_properties_say_more_than_attributes() -> None:
    found = unpacked(
        stream(
            attribute(1, SUBJECT, b"Print?r\x00"),
            attribute(1, PRIORITY, b"\x01\x00"),
            letter(
                prop(0x0037, UNICODE, "Printér"),
                prop(0x001A, UNICODE, "IPM.Note"),
                prop(0x0017, LONG, 0),
                prop(0x1000, UNICODE, "It smokes"),
                prop(0x1013, BINARY, "<p>Es qualmt: ä</p>".encode("koi8-r", "replace")),
                prop(0x3FDE, LONG, 20866),
            ),
        )
    )
    assert (found.subject, found.message_class, found.importance) == ("Printér", "IPM.Note", "low")
    assert (found.text, found.html) == ("It smokes", "<p>Es qualmt: ?</p>")


@pytest.mark.parametrize(
    ("kind", "value", "html"),
    [
        (BINARY, "<p>ж</p>".encode("koi8-r"), "<p>ж</p>"),
        (TEXT, "<p>ж</p>".encode("koi8-r") + b"\x00", "<p>ж</p>"),
        (UNICODE, "<p>ж</p>", "<p>ж</p>"),
    ],
)
def test_html_in_each_of_its_types(kind: int, value: object, html: str) -> None:
    assert unpacked(stream(letter(prop(0x3FDE, LONG, 20866), prop(0x1013, kind, value)))).html == html


def test_properties_that_are_passed_over() -> None:
    named_by_number = b"\x00" * 16 + struct.pack("<II", 0, 0x8501)
    named_by_text = b"\x00" * 16 + struct.pack("<II", 1, 10) + padded("Test\x00".encode("utf-16-le"))
    several_longs = struct.pack("<HH", 0x1003, 0x1234) + struct.pack("<IIII", 3, 1, 2, 3)
    several_texts = struct.pack("<HH", 0x101F, 0x1235) + struct.pack("<II4sI4s", 2, 4, b"a\x00\x00\x00", 2, b"\x00" * 4)
    found = unpacked(
        stream(
            letter(
                prop(0x8000, UNICODE, "x", named_by_number),
                prop(0x8001, LONG, 7, named_by_text),
                several_longs,
                several_texts,
                struct.pack("<HHII", 0x0B, 0x0029, 1, 0)[:8],
                struct.pack("<HHq", 0x40, 0x0039, 1),
                struct.pack("<HH16s", 0x48, 0x0040, b"g" * 16),
                prop(0x0037, UNICODE, "after all of them"),
            )
        )
    )
    assert (found.subject, found.defects) == ("after all of them", ())


# --------------------------------------------------------------------- its files


def test_files_with_all_that_is_told_of_them() -> None:
    found = unpacked(
        stream(
            file(
                b"LONGNA~1.PDF",
                b"%PDF-",
                prop(0x3707, UNICODE, "long näme.pdf"),
                prop(0x3704, UNICODE, "LONGNA~1.PDF"),
                prop(0x370E, UNICODE, "Application/PDF"),
            ),
            file(b"image001.png", b"\x89PNG", prop(0x3712, UNICODE, "<image001@x>"), prop(0x3714, LONG, 4)),
            file(b"a.txt", b"", prop(0x3701, BINARY, b"from the property")),
        )
    )
    assert [(one.name, one.content_type, one.content_id, one.inline, one.data) for one in found.files] == [
        ("long näme.pdf", "application/pdf", "", False, b"%PDF-"),
        ("image001.png", "", "image001@x", True, b"\x89PNG"),
        ("a.txt", "", "", False, b"from the property"),
    ]


def test_a_letter_inside_is_mail_with_its_files_beside_it() -> None:
    inner = stream(letter(prop(0x0037, UNICODE, "Grüße"), prop(0x1000, UNICODE, "hällo")), file(b"in.txt", b"inside"))
    held = prop(0x3701, OBJECT, b"\x07\x03\x02\x00" + b"\x00" * 11 + b"F" + inner)
    found = unpacked(stream(file(b"x", b"", held, prop(0x3705, LONG, 5))))
    mail, beside = found.files
    assert (mail.name, mail.content_type) == ("Grüße.eml", "message/rfc822")
    head, _, body = mail.data.partition(b"\r\n\r\n")
    assert b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n" in head
    assert b64decode(body).decode() == "hällo"
    assert (beside.name, beside.data) == ("in.txt", b"inside")


def test_an_embedded_object_loses_the_number_of_its_interface() -> None:
    found = unpacked(stream(file(b"sheet.xls", b"", prop(0x3701, OBJECT, b"I" * 16 + b"\xd0\xcf\x11\xe0"))))
    assert found.files[0].data == b"\xd0\xcf\x11\xe0"


def test_letters_in_letters_end() -> None:
    inner = stream(attribute(1, SUBJECT, b"deepest\x00"))
    for _ in range(30):
        inner = stream(file(b"x", b"", prop(0x3701, OBJECT, b"\x00" * 16 + inner)))
    found = unpacked(inner)
    assert "winmail.dat: nested too deeply" in found.defects
    assert found.files[-1].content_type == "application/ms-tnef"


def test_too_many_files() -> None:
    found = unpacked(stream(*[file(b"x", b"y")] * (tnef.MAX_FILES + 1)))
    assert len(found.files) == tnef.MAX_FILES
    assert "winmail.dat: more files than are looked at" in found.defects


# --------------------------------------------------------------------- damage


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n", b"x\x9f>", b'x\x9f>#"\x00'])
def test_what_is_none(data: bytes) -> None:
    assert tnef.unpack(data) is None


WHOLE = stream(
    attribute(1, SUBJECT, b"hello\x00"),
    letter(prop(0x1000, UNICODE, "text"), prop(0x1009, BINARY, compressed(b"{\\rtf1 rich}"))),
    file(b"a.txt", b"0123456789", prop(0x3707, UNICODE, "long.txt")),
)


def test_cut_short_gives_what_came_before() -> None:
    found = unpacked(WHOLE[: WHOLE.index(b"0123456789") + 4])
    assert (found.subject, found.text) == ("hello", "text")
    assert [(one.name, one.data) for one in found.files] == [("a.txt", b"0123")]
    assert found.defects == ("winmail.dat: cut short",)


def test_garbage_at_the_end_is_named() -> None:
    found = unpacked(WHOLE + b"\r\n" * 20)
    assert found.files[0].data == b"0123456789"
    assert found.defects == ("winmail.dat: not understood to its end",)


@given(st.binary(max_size=300), st.integers(6, len(WHOLE)), st.integers(0, 40))
@example(b"\xff" * 40, 20, 0)
@settings(max_examples=300, deadline=None)
def test_any_damage_gives_a_reading(noise: bytes, place: int, dropped: int) -> None:
    found = unpacked(WHOLE[:place] + noise + WHOLE[place + dropped :])
    assert sum(len(one.data) for one in found.files) <= len(WHOLE) + len(noise) + 1_000


@pytest.mark.parametrize(
    "data",
    [
        stream(*[attribute(2, BEGIN_FILE, b"")] * 70_000),
        stream(letter(*[prop(0x0037, LONG, 1)] * 80_000)),
        stream(attribute(1, PROPERTIES, b"\xff\xff\xff\xff" + b"\x00" * 1_000_000)),
        stream(letter(struct.pack("<HHI", 0x101F, 0x0037, 0xFFFFFFFF) + b"\x00" * 1_000_000)),
        stream(*[attribute(1, PROPERTIES, struct.pack("<I", 1) + prop(0x0037, UNICODE, "x"))] * 30_000),
        stream(letter(prop(0x1009, BINARY, struct.pack("<II4sI", 999_999, 9**8, b"LZFu", 0) + b"\xff" + b"\x00\x0f" * 99_999))),
        stream(letter(prop(0x1009, BINARY, compressed(b"{\\rtf1" + b"{}" * 400_000)))),
        stream(letter(prop(0x1009, BINARY, compressed(b"{\\rtf1" + b"{" * 800_000)))),
        stream(letter(prop(0x1009, BINARY, compressed(b"{\\rtf1" + b"\\u1 " * 300_000)))),
        stream(
            *[
                file(b"", b"", prop(0x3701, OBJECT, b"\x00" * 16 + stream(letter(prop(0x1009, BINARY, compressed(b"{\\rtf1" + b"{}" * 9_000))))))
            ]
            * 60
        ),
    ],
)  # fmt: skip
def test_time_is_bounded(data: bytes) -> None:
    start = time.process_time()
    unpacked(data)
    assert time.process_time() - start < 3


# --------------------------------------------------------------------- Rich Text


def test_unpacking_by_the_examples_of_the_standard() -> None:
    """MS-OXRTFCP section 3: the two compressed streams and what they mean."""
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf.unpacked(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf.unpacked(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@given(st.binary(max_size=6_000))
@settings(max_examples=50, deadline=None)
def test_packed_and_unpacked(data: bytes) -> None:
    assert rtf.unpacked(compressed(data)) == data
    assert rtf.unpacked(struct.pack("<II4sI", len(data) + 12, len(data), b"MELA", 0) + data) == data


@given(st.binary(max_size=300), st.sampled_from([b"LZFu", b"MELA", b"none"]))
@settings(max_examples=200, deadline=None)
def test_unpacking_is_total(data: bytes, kind: bytes) -> None:
    assert len(rtf.unpacked(struct.pack("<II4sI", 9_999, 9_999, kind, 0) + data, 500)) <= 500


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1\ansi Hello\par world}", "Hello\nworld"),
        (rb"{\rtf1\ansi\ansicpg1252 caf\'e9 \u8364?5 \{x\} a\~b}", "café €5 {x} a\u00a0b"),
        (rb"{\rtf1\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}\f1 \'cf{\f0 \'e9}\'f0}", "Пéр"),
        (rb"{\rtf1{\fonttbl{\f0\fcharset128 MS;}}\f0 \'93\'fa\'96\'7b}", "日本"),
        (rb"{\rtf1\uc2\u-10179??\u-8704?? ok}", "😀 ok"),
        (rb"{\rtf1{\*\generator Riched;}{\colortbl;\red0;}{\pict 0102}{\info{\author X}}seen}", "seen"),
        (rb"{\rtf1 a{\b b}c\tab d\emdash e{\*\unknown hidden}}", "abc\td—e"),
        (b"{\\rtf1 a\\bin4 {{{{b}", "ab"),
        (rb"{\rtf1 {\field{\*\fldinst HYPERLINK x}{\fldrslt link}}}", "link"),
        (rb"{\rtf1 one}two", "one"),
        (rb"{\rtf1 never closed", "never closed"),
        (rb"no rich text", ""),
    ],
)
def test_rich_text_to_text(source: bytes, text: str) -> None:
    assert rtf.read(source) == (text, "")


def test_html_is_found_again() -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag19 <html>}"
        rb"{\*\htmltag50 <body>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 caf\'e9 {\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0 "
        rb"{\*\mhtmltag84 <img src=x>}{\*\htmltag84 <img src=\'22cid:1\'22>}{\*\htmltag72 </p>}\htmlrtf \par}\htmlrtf0"
        rb"\line{\*\htmltag58 </body>}{\*\htmltag27 </html>}}"
    )
    assert rtf.read(source) == ("", '<html><body><p>café &lt;<img src="cid:1"></p>\n</body></html>')


def test_rich_text_only_where_there_is_no_other_body() -> None:
    rich = prop(0x1009, BINARY, compressed(b"{\\rtf1 rich}"))
    assert unpacked(stream(letter(rich))).text == "rich"
    assert unpacked(stream(letter(prop(0x1000, UNICODE, "plain"), rich))).text == "plain"
    html = prop(0x1009, BINARY, compressed(b"{\\rtf1\\fromhtml1{\\*\\htmltag1 <b>}x{\\*\\htmltag1 </b>}}"))
    assert unpacked(stream(letter(html))).html == "<b>x</b>"


@given(
    st.lists(
        st.sampled_from(
            [b"{", b"}", b"\\'e9", b"\\u55357", b"\\uc9", b"\\*", b"\\htmltag1", b"\\htmlrtf", b"\\f9", b"\\bin5 ", b"\\par", b"x",
             b"\\fonttbl", b"\\fcharset128", b"\\ansicpg65001", b"\\fromhtml1", b"\\", b"\\ansicpg99999", b"\xff"]
        )
    ).map(b"".join)
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_rich_text_is_read(source: bytes) -> None:
    text, html = rtf.read(b"{\\rtf1" + source)
    assert not (text and html)
    (text + html).encode()  # no surrogates are left
