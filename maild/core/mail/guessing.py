"""Which charset unlabelled bytes are in: strict decoding, then how many letters are common ones.

It refuses to know what the bytes belong to and never looks at a label. Called by
`charsets` where a label is missing or cannot be true. Linear: a sample of bounded size is
looked at once per candidate. Short texts of a few foreign letters stay Western, because
that is what unlabelled mail mostly is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_SAMPLE = 8_000  # bytes looked at; a few hundred letters settle it
ENOUGH = 4  # high bytes in one run that no Western word has
FEW = 10  # high bytes below which the rarer scripts are not thought of
SURE = 0.6  # share of common letters from which on a script is believed
SURER = 0.8  # the same where a label says that the text is Western

_RUNS = re.compile(rb"[\x80-\xff]+")
_LONG = re.compile(rb"[\x80-\xff]{%d}" % ENOUGH)
_RULES = re.compile(rb"([\x80-\xff]{1,2}?)\1{3,}")  # rows of dots and dashes
_FOREIGN = re.compile("[\udc80-\udcff]+")


class _Double(NamedTuple):
    """A charset of two-byte characters: its codec and the byte pairs that are common in its language."""

    codec: str
    common: re.Pattern[bytes]
    pair: re.Pattern[bytes]


_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
_KANA = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\x80-\xff]")
_DOUBLES = (
    # GB 2312 level 1, in the order of pinyin, and punctuation
    _Double("gb18030", re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe]"), _PAIR),
    # Big5 level 1 and punctuation
    _Double("big5hkscs", re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e\xa1-\xfe]"), _PAIR),
    # Shift JIS: kana, punctuation, level 1 kanji
    _Double("cp932", re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|\x81[\x40-\xac]|[\x88-\x97][\x40-\xfc]"), _KANA),
    # EUC-JP: the same, elsewhere
    _Double("euc_jp", re.compile(rb"[\xa4\xa5][\xa1-\xf6]|\xa1[\xa1-\xfe]|[\xb0-\xcf][\xa1-\xfe]"), _PAIR),
    # Hangul syllables of KS X 1001
    _Double("cp949", re.compile(rb"[\xb0-\xc8][\xa1-\xfe]|\xa1[\xa1-\xfe]"), _PAIR),
)
_EUC_KANA = re.compile(rb"[\xa4\xa5][\xa1-\xf6]")
_AFTER_HANGUL = re.compile(rb"[\xc9-\xf7][\xa1-\xfe]")

# The letters that make up most of a text in the languages a charset serves.
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчй"
_SCRIPTS = (
    ("cp1251", _CYRILLIC + "їієґ"),
    ("koi8-r", _CYRILLIC),
    ("cp866", _CYRILLIC),
    ("iso8859_5", _CYRILLIC),
    ("cp1253", "αοιετνσηρπκςμλάόίήέύώ"),
    ("cp1255", "יוהלאמתנרשבדםןחע"),
    ("cp1256", "اليمونرتبةعدسفهكأ"),
    ("cp874", "ารนกเอง่มยลว้ดทสตะปบคหแจพชขใไ็ีิัืุู์"),
)
_LATIN = (
    ("cp1252", "äöüßéèêëàâáãåæçíìîñóòôõøúùûÄÖÜÉÅØ«»’“”„–—…€ "),
    ("cp1250", "áčďéěíňóřšťúůýžąćęłńśźżőűöüăâîșţÁČŠŽŁŚŻ’“”„–—… "),
    ("cp1254", "ışğüöçİŞĞÇâî’“”–… "),
)


def script(data: bytes, sure: float = SURE) -> str:
    """The codec of a text that is not written in Latin letters; "" if none fits well: `sure` is the share it takes."""
    first = _LONG.search(data)
    if first is None:
        return ""
    sample = _RULES.sub(b"", data[max(0, first.start() - 200) :][:MAX_SAMPLE])
    runs = _RUNS.findall(sample)
    high = sum(map(len, runs))
    if sum(len(run) for run in runs if len(run) >= ENOUGH) * 2 < high or len(set(b"".join(runs))) < 3:
        return ""
    best, found = max(_double(sample), _single(sample))
    return found if best >= sure else ""


def latin(data: bytes) -> str:
    """The codec of a text in Latin letters: Western unless another fits clearly better."""
    sample = b"".join(_RUNS.findall(data[: MAX_SAMPLE * 4]))[:MAX_SAMPLE]
    western, *others = ((_share(sample.decode(codec, "replace"), letters), codec) for codec, letters in _LATIN)
    best = max(others)
    return best[1] if len(sample) >= 3 and best[0] > western[0] + 0.12 else "cp1252"


def mended(data: bytes) -> str:
    """Mostly UTF-8: stray bytes beside ASCII letters are Western ones (two texts were joined), others are damage."""
    text = data.decode("utf-8", "surrogateescape")

    def letter(found: re.Match[str]) -> str:
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        cut = found.end() == len(text) and found[0][0] >= "\udcc2"  # the first bytes of a character that was cut off
        if len(found[0]) <= 2 and not cut and (before + after).isascii() and (before.isalpha() or after.isalpha()):
            return bytes(ord(stray) - 0xDC00 for stray in found[0]).decode("cp1252", "replace")
        return "\ufffd"

    return _FOREIGN.sub(letter, text)


def _share(text: str, letters: str) -> float:
    wanted = frozenset(letters)
    return sum(letter in wanted for letter in text) / len(text) if text else 0.0


def _double(sample: bytes) -> tuple[float, str]:
    scores: list[tuple[float, str]] = []
    for codec, common, pair in _DOUBLES:
        pairs = pair.findall(sample)
        if not _fits(sample, codec):
            continue
        share = sum(common.match(found) is not None for found in pairs) / len(pairs)
        kana = sum(_EUC_KANA.match(found) is not None for found in pairs) / len(pairs)
        if codec == "euc_jp" and kana < 0.2:
            share = 0.0  # Japanese is never written without kana: Chinese or Korean
        elif codec == "cp949" and sum(_AFTER_HANGUL.match(found) is not None for found in pairs) > len(pairs) * 0.1:
            share = 0.0  # Chinese uses the rows behind the syllables too
        elif codec in ("gb18030", "big5hkscs") and kana >= 0.2:
            share = 0.0
        elif codec in ("cp949", "euc_jp"):
            share += 0.01  # what fits these narrow rows fits the wider ones of Chinese as well
        scores.append((share, codec))
    return max(scores, default=(0.0, ""))


def _fits(sample: bytes, codec: str) -> bool:
    """Whether the sample decodes without error; its last character may have been cut in two."""
    for end in (len(sample), len(sample) - 1):
        try:
            sample[:end].decode(codec)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _single(sample: bytes) -> tuple[float, str]:
    high = b"".join(_RUNS.findall(sample))
    if len(high) < FEW:  # a word or two: only what is frequent in mail, and only if it fits wholly
        share, codec = max(_common(high, codec, letters) for codec, letters in _SCRIPTS[:2])
        return (share, codec) if share > 0.9 else (0.0, "")
    return max(_common(high, codec, letters) for codec, letters in _SCRIPTS)


def _common(high: bytes, codec: str, letters: str) -> tuple[float, str]:
    return _share(high.decode(codec, "replace").lower(), letters) * _lower(high, codec), codec


def _lower(high: bytes, codec: str) -> float:
    """Less than 1 where most letters would be capitals: KOI8 read as another Cyrillic charset, or the reverse."""
    text = high.decode(codec, "replace")
    capitals = sum(letter.isupper() for letter in text)
    return 0.5 if capitals * 2 > len(text) else 1.0
