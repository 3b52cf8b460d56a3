"""Whether a letter does nothing but say thank you, so that it need not wake a closed ticket.

It refuses to know tickets. Called by `reading` with what the person wrote, quotes and
signature gone. Every word has to be understood: one that is in no table, a digit, a
question mark, an unhappy face, a new file, and the letter is one to be read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from functools import cache

from maild.core.mail import courtesies, courtesies_east

MAX_CHARACTERS = 240
MAX_WORDS = 40
MAX_NAME = 2  # words after "Thanks" that may be a name
_OTHER_LETTERS = frozenset({"ru", "uk", "bg", "el", "he", "ar"})  # not Latin once accents are gone
_LANGUAGES = courtesies.BY_LANGUAGE | courtesies_east.BY_LANGUAGE


class Courtesy(StrEnum):
    """What sort of polite nothing a letter is."""

    THANKS = "thanks"  # thanks, or all is well
    EMOJI = "emoji"  # a thumb up, a smile, nothing else
    REACTION = "reaction"  # a mail program tells that somebody pressed one
    EMPTY = "empty"  # an answer without a word


# Signs that only please. Every other one makes the letter one to be read.
_GLAD = frozenset(
    "👍👌👏🙌🙏🤝💪🤙🫶🙂🙃😀😃😄😁😆😅😂🤣😊😇😉😍🥰😘😎🤗🤩🥳☺😌😋😜🎉🎊✨🌟⭐🌞☀💯✅✔✓☑🆗❤♥"
    "💙💚💛🧡💜🖤🤍🤎💖💕💗💓💐🌹🌷🌸🌺🌻🍀☕🍻🥂🏆🚀🔥💝😻🤘✌👋🫡♡☆★"
)
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\u20e3\u2640\u2642\U0001f3fb-\U0001f3ff\ufeff\u00ad]"
)
_SMILEYS = re.compile(r"(?<!\w)(?:[:;=8xX]'?-?[)DPp*](?!\w)|<3(?!\w)|\([yY]\)|\^_?\^|\+1(?!\w)|\\o/)|[:;]-?\)")
_REFUSED = re.compile(r"[?？؟¿\u037e\u055e⁇‽@#/\\$%€£<>{}=|~^+]|[:;=]'?-?[(\[]")
_JOINED = re.compile(r"['’ʼ`´\-‐‑&]")  # they hold words together: l'aide, week-end
_REPLY = re.compile(
    r"\s*(?:\[[^\]]{0,60}\]\s*)?(?:re|aw|antw|antwort|sv|vs|odp|ynt|yan|rif|ref|res|r|rép|απ|απάντηση|ответ|отв|відп|"
    r"atb|bls|vá|ats|回复|回覆|答复|答覆|回信|返信|답장|회신|תגובה|תשובה|رد|ตอบกลับ|trả lời|"
    r"balas)\s*(?:\[\d{1,3}\])?\s*[:：]",
    re.IGNORECASE,
)


def courtesy(text: str, *, subject: str = "", files: bool = False, names: Collection[str] = ()) -> Courtesy | None:
    """The sort of courtesy a letter is, None if it has to be read.

    `text` is the person's own words, `files` whether they sent any, `names` what may be
    signed or addressed: the sender's display name, say. A subject of the person's own,
    without "Re:", is part of what they say.
    """
    text = _INVISIBLE.sub("", text[: MAX_CHARACTERS + 1]).replace("\u200d", "").strip()
    if files or len(text) > MAX_CHARACTERS:
        return None
    if _reaction(text):
        return Courtesy.REACTION
    if subject.strip() and not _REPLY.match(subject[:200]):
        return _of_both(text, subject.strip(), names)
    return _of(text, names)


def _of_both(text: str, subject: str, names: Collection[str]) -> Courtesy | None:
    """A letter that begins a conversation: its subject is said, too."""
    said = _of(subject, names) if len(subject) <= MAX_CHARACTERS else None
    if said is None or not text:
        return said
    return _of(text, names)


def _of(text: str, names: Collection[str]) -> Courtesy | None:
    if not text:
        return Courtesy.EMPTY
    text, smiles = _SMILEYS.subn("\n", text)
    if _REFUSED.search(text):
        return None
    glad = bool(smiles)
    letters: list[str] = []
    for character in _JOINED.sub(" ", text):
        if character == " " or character.isalpha():
            letters.append(character)
            continue
        kind = unicodedata.category(character)[0]
        if kind == "N":
            return None
        if kind == "S":
            if character not in _GLAD:
                return None
            glad = True
        letters.append(character if kind == "M" or character == "\n" else "\t")
    pieces = [(piece, by_line) for piece, by_line in _pieces("".join(letters)) if piece]
    if not pieces:
        return Courtesy.EMOJI if glad else None
    words = sum(len(piece) for piece, _ in pieces)
    if words <= MAX_WORDS and (_in_words(pieces, _folded_names(names)) or _unspaced(pieces)):
        return Courtesy.THANKS
    return None


def _pieces(text: str) -> list[tuple[list[str], bool]]:
    """Words between punctuation, and whether they begin a line."""
    return [(piece.split(), not number) for line in text.split("\n") for number, piece in enumerate(line.split("\t"))]


def _fold(text: str) -> str:
    """Lower case without accents: what people type and what is in the table meet here."""
    text = text.casefold()
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare.translate(_PLAIN))


_PLAIN = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "ς": "σ"})


def _folded_names(names: Collection[str]) -> frozenset[str]:
    return frozenset(_fold(word) for name in names for word in re.findall(r"[^\W\d_]+", name[:200]))


@cache
def _units(language: str) -> re.Pattern[str]:
    """One piece of courtesy: thanks and greetings, which names may follow, or well-being, or a farewell."""
    greeting, thanks, reason, well, farewell, joint = map(_fold, _LANGUAGES[language])
    return re.compile(
        rf"(?:(?:{joint}) )?(?:(?P<thanks>(?:{thanks})(?: (?:{reason}))*)|(?P<greeting>{greeting})|(?P<well>{well})"
        rf"|(?:{farewell}))(?= |\Z)"
    )


def _in_words(pieces: list[tuple[list[str], bool]], names: frozenset[str]) -> bool:
    folded = [_fold(" ".join(piece)).split() for piece, _ in pieces]
    plain = all(word.isascii() for piece in folded for word in piece)
    languages = [language for language in _LANGUAGES if (language in _OTHER_LETTERS) is not plain]
    return any(_all_polite(language, pieces, folded, names) for language in languages)


def _all_polite(
    language: str, pieces: list[tuple[list[str], bool]], folded: list[list[str]], names: frozenset[str]
) -> bool:
    """Whether every word of every piece is courtesy in one language, or a name where names stand."""
    unit = _units(language)
    said = named = False
    for (words, begins_line), plain in zip(pieces, folded, strict=True):
        line, place = " ".join(plain), 0
        addressed = named and not begins_line
        named = False
        while found := unit.match(line, place):
            said = said or found.lastgroup in ("thanks", "well")
            named = addressed = found.lastgroup in ("thanks", "greeting")
            place = found.end() + 1
        rest = len(line[place:].split())
        if not rest:
            continue
        if names.issuperset(plain[-rest:]):
            continue
        if not (addressed and rest <= MAX_NAME and all(map(_is_name, words[-rest:]))):
            return False
    return said


def _is_name(word: str) -> bool:
    return word[0].isupper() and (word[1:].islower() or not word[1:]) and _fold(word) not in _no_names()


@cache
def _no_names() -> frozenset[str]:
    return frozenset(map(_fold, courtesies.NO_NAMES))


@cache
def _rows() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(_fold(f"{opening}(?:{row})"), re.IGNORECASE) for opening, row in courtesies_east.UNSPACED.values()
    )


def _unspaced(pieces: list[tuple[list[str], bool]]) -> bool:
    text = _fold("".join(word for piece, _ in pieces for word in piece))
    return not text.isascii() and any(row.fullmatch(text) for row in _rows())


@cache
def _reacted() -> re.Pattern[str]:
    return re.compile(_fold("|".join(f"(?:{form})" for form in courtesies.REACTED)))


def _reaction(text: str) -> bool:
    """Whether the first line reads "Ann reacted to your message" and no more is said."""
    line, _, rest = text.partition("\n")
    if not any(stem in line.lower() for stem in courtesies.REACTED_STEMS):
        return False
    signs = {character for character in line if unicodedata.category(character)[0] == "S"}
    if rest.strip() or _REFUSED.search(line) or not signs <= _GLAD:
        return False
    words = _fold(" ".join(re.findall(r"[^\W\d_]+", line)))
    found = _reacted().search(words)
    if found is None or words[found.end() :].strip():
        return False
    who = words[: found.start()].split()
    return 0 < len(who) <= 6 and courtesies.NOBODY.isdisjoint(who)
