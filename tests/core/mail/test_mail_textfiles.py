"""Files uuencoded, base64ed and yEncoded into texts."""

import binascii
import time
from base64 import encodebytes
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core.mail import textfiles
from maild.core.mail.textfiles import Found


def uuencoded(data: bytes, name: bytes = b"a.bin") -> bytes:
    lines = [binascii.b2a_uu(data[start : start + 45]) for start in range(0, len(data), 45)]
    return b"begin 644 " + name + b"\n" + b"".join(lines) + b"`\nend\n"


def yencoded(data: bytes, name: bytes = b"a.bin", size: int | None = None, crc: int | None = None) -> bytes:
    out = bytearray()
    for byte in data:
        shifted = (byte + 42) % 256
        out += bytes((61, (shifted + 64) % 256)) if shifted in b"\x00\n\r=" else bytes((shifted,))
    lines = []
    while out:  # an escape must not be torn in two
        cut = 129 if out[127:128] == b"=" else 128
        lines.append(bytes(out[:cut]))
        del out[:cut]
    size = len(data) if size is None else size
    crc = binascii.crc32(data) if crc is None else crc
    head = b"=ybegin line=128 size=%d name=%s\r\n" % (size, name)
    return head + b"".join(line + b"\r\n" for line in lines) + b"=yend size=%d crc32=%08x\r\n" % (size, crc)


def base64ed(data: bytes, name: bytes = b"a.bin") -> bytes:
    return b"begin-base64 644 " + name + b"\n" + encodebytes(data) + b"====\n"


def found(text: bytes) -> list[Found]:
    return list(textfiles.find(text))


@pytest.mark.parametrize("encoded", [uuencoded, yencoded, base64ed])
@given(data=st.binary(min_size=1, max_size=400), before=st.sampled_from([b"", b"Hello,\n", b"begin\n", b"begin 644\n"]))
@settings(max_examples=60, deadline=None)
def test_what_goes_in_comes_out(encoded: Callable[[bytes], bytes], data: bytes, before: bytes) -> None:
    text = before + encoded(data) + b"Bye\n"
    (file,) = found(text)
    assert (file.name, file.data, file.defect) == (b"a.bin", data, "")
    assert text[: file.start] + text[file.end :] == before + b"Bye\n"


def test_several_of_several_kinds_with_windows_line_ends() -> None:
    text = b"Hi\r\n" + uuencoded(b"one", b"1.txt").replace(b"\n", b"\r\n") + b"and\r\n" + yencoded(b"two", b"2 b.txt")
    assert [(file.name, file.data) for file in found(text)] == [(b"1.txt", b"one"), (b"2 b.txt", b"two")]


@pytest.mark.parametrize("begin", [b"begin 644\n", b"begin 644 \n"])
def test_a_file_without_a_name(begin: bytes) -> None:
    assert [(file.name, file.data) for file in found(begin + b"#86)C\n`\nend\n")] == [(b"", b"abc")]


def test_uuencoded_lines_with_lost_blanks_and_with_junk() -> None:
    text = uuencoded(b"a" * 45 + b"\x00" * 45 + b"b" * 20).replace(b"`", b" ")
    stripped = b"\n".join(line.rstrip() for line in text.split(b"\n"))
    assert found(stripped)[0].data == b"a" * 45 + b"\x00" * 45 + b"b" * 20
    junk = uuencoded(b"abc").replace(b"\n`", b"XY\n`")
    assert found(junk)[0].data == b"abc"


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 work on monday\nand then the end\nend\n",
        b"begin 644 x\nTHE END\nend\n",
        b"begin 644 x\nend\n",
        b"begin 644 x\n#86)C\n",  # no end
        b"we begin 644 x\n#86)C\n`\nend\n",
        b"begin 999 x\n#86)C\n`\nend\n",
        b"begin-base64 644 x\nno base64!\n====\n",
        b"begin-base64 644 x\nYWJj\n",
        b"=ybegin is how yEnc begins, name=x\n\n=yend\n",
        b"=ybegin line=128 size=3 name=x\n\x8b\x8c\x8d\n",
    ],
)
def test_words_about_it_stay_words(text: bytes) -> None:
    assert found(text) == []


def test_yenc_tells_of_damage_and_keeps_what_is_there() -> None:
    assert found(yencoded(b"abc", size=5))[0].defect == "yEnc: 3 bytes of 5"
    assert found(yencoded(b"abc", crc=7))[0].defect == "yEnc: a wrong checksum"
    assert found(yencoded(b"abc", size=5))[0].data == b"abc"


def test_a_part_of_a_yenc_file() -> None:
    text = (
        yencoded(b"abc").replace(b"line=", b"part=2 total=3 line=").replace(b"\r\n", b"\r\n=ypart begin=4 end=6\r\n", 1)
    )
    assert [(file.name, file.data) for file in found(text)] == [(b"a.bin.002", b"abc")]


@given(st.lists(st.sampled_from([b"begin 644 x\n", b"#86)C\n", b"`\n", b"end\n", b"=ybegin size=3 name=x\n", b"=yend\n",
                                 b"begin-base64 644 x\n", b"====\n", b"text\n", b"\n", b"="])).map(b"".join))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_files_stand_in_order_and_apart(text: bytes) -> None:
    place = 0
    for file in textfiles.find(text):
        assert place <= file.start < file.end <= len(text)
        place = file.end


@pytest.mark.parametrize(
    "piece",
    [b"begin 644 x\n", b"begin 644 x\n#86)C\n", b"=ybegin size=1 name=x\n", b"begin-base64 644 x\nYWJj\n", b"=ybegin "],
)
def test_time_is_linear(piece: bytes) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    found(text)
    assert time.process_time() - start < 2
