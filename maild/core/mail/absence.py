"""Until when somebody is away, as their out-of-office answer says.

It refuses to know whose answer it is and what follows from it. Called by `reading` for
letters nobody typed. What can be read in two ways (5/1 in English, "next Monday", two
days that disagree) is not read at all.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from maild.core.mail import absences

MAX_CHARACTERS = 4_000  # looked at: what follows is a signature or the quoted letter
MAX_DAYS = 200  # how far away a day may be whose year is not said
MAX_DAYS_WITH_YEAR = 550  # parental leave
MAX_GAP = 10  # days between "until" and "back on" in one letter: weekends and holidays
MAX_DATES = 30  # looked at
_FIRST_YEAR, _LAST_YEAR = 1990, 2098  # of letters; two digits of a year are those of this century
_AROUND = 60  # characters before and after a day that say what it is


class Until(NamedTuple):
    """A day an absence ends with."""

    day: date
    back: bool  # True: on that day they are there again; False: until then they are away

    @property
    def returns(self) -> date:
        """The first day on which they are surely there again."""
        return self.day if self.back else self.day + timedelta(days=1)


def until(text: str, sent: date, subject: str = "") -> Until | None:
    """When the absence `text` tells of ends, seen from the day the letter was sent; None when unsure."""
    if not _FIRST_YEAR <= sent.year <= _LAST_YEAR:
        return None
    text = _folded(f"{subject[:200]}\n{text[:MAX_CHARACTERS]}")
    today = date(sent.year, sent.month, sent.day)
    ends: set[date] = set()
    returns: set[date] = set()
    for number, found in enumerate(_days().finditer(text)):
        role = _role(text[max(0, found.start() - _AROUND) : found.start()], text[found.end() : found.end() + _AROUND])
        if number >= MAX_DATES or role == "unsure":
            return None
        if not role:
            continue
        day = _resolved(found, today, _english().search(text) is not None)
        if day is None:
            return None
        (returns if role == "back" else ends).add(day)
    if not returns and not (ends and _away().search(text)):
        return None
    return _agreed(ends, returns)


def _agreed(ends: set[date], returns: set[date]) -> Until | None:
    """The one day all of them mean: a letter in two languages says it twice."""
    if len(ends) > 1 or len(returns) > 1:
        return None
    if not returns:
        return Until(ends.pop(), back=False)
    day = returns.pop()
    if ends and not 0 <= (day - ends.pop()).days <= MAX_GAP:
        return None
    return Until(day, back=True)


# --------------------------------------------------------------------- words


_PLAIN = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "ς": "σ", "–": "-", "—": "-", "’": "'", "ß": "ss"}
)


def _folded(text: str) -> str:
    """Lower case, no accents, blanks as single blanks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _pattern(entry: str) -> str:
    """A table's entry without accents, and nothing else folded: \\Z is not \\z."""
    bare = unicodedata.normalize("NFKD", entry.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(one for one in bare if not unicodedata.combining(one)))


@cache
def _away() -> re.Pattern[str]:
    return re.compile(_pattern(absences.AWAY))


@cache
def _english() -> re.Pattern[str]:
    return re.compile(r"\b(?:the|until|till|return|office|i am)\b")


@cache
def _numbers(table: str) -> dict[str, int]:
    """Word → number, from a table with a part for each number."""
    return {word: number for number, part in enumerate(table.split("/")) for word in _folded(part).split()}


def _any(table: str) -> str:
    return "|".join(map(re.escape, sorted(_numbers(table), key=len, reverse=True)))


@cache
def _days() -> re.Pattern[str]:
    """A day as people write it; the groups tell how."""
    months, weekdays = _any(absences.MONTHS), _any(absences.WEEKDAYS)
    of = r"(?: ?(?:de|del|of|d'|-|\.) ?| )"
    return re.compile(
        rf"(?<![a-z\d.:/-])(?:(?P<weekday>{weekdays})(?:,? (?:{_pattern(absences.ARTICLES)}))*[.,]? ?(?:,? ?))?(?:"
        r"(?P<year>20\d\d) ?[-./年년] ?(?P<month>\d\d?) ?[-./月월] ?(?P<day>\d\d?)(?!\d) ?[日號号일]?|"
        r"(?P<month2>\d\d?) ?[月월] ?(?P<day2>\d\d?) ?[日號号일]|"
        r"(?P<a>\d\d?)(?P<mark>[./-]) ?(?P<b>\d\d?)(?:(?P=mark) ?(?P<year3>20\d\d|\d\d))?(?!\w|[.:/]\d)\.?|"
        rf"(?P<day4>\d\d?)(?:st|nd|rd|th|er|η)?{of}(?P<month4>{months})\b(?:\.?,?{of}(?P<year4>20\d\d))?|"
        rf"(?:(?P<year5>20\d\d)\. )?(?P<month5>{months})\.? (?P<day5>\d\d?)(?:st|nd|rd|th)?(?!\d|[:.]\d)"
        r"(?:,? (?P<year6>20\d\d))?"
        rf")|(?<![^\W_])(?P<only>{weekdays})(?![^\W_])"
    )


@cache
def _roles() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    """What a day is, by what stands before and after it; the first that fits counts."""
    articles = rf"(?:[ ,:]*(?:{absences.ARTICLES})(?![^\W_])){{0,4}}[ :,(]*\Z"
    begin = r"(?<![^\W_])"
    rows = (
        ("", "", absences.NO_DAY),
        ("unsure", absences.REACHABLE, ""),
        ("back", rf"{begin}(?:{absences.BACK}){articles}", ""),
        ("back", rf"{begin}(?:{absences.BACK_BEFORE_VERB}){articles}", absences.BACK_VERB),
        ("back", "", absences.BACK_AFTER),
        ("unsure", rf"{begin}(?:{absences.UNTIL}){articles}", absences.REACHABLE_AFTER),
        ("until", rf"{begin}(?:{absences.UNTIL}){articles}", ""),
        ("until", rf"(?:{absences.UNTIL_UNSPACED}) ?\Z", ""),
        ("until", "", absences.UNTIL_AFTER),
        ("until", rf"{begin}(?:{absences.FROM}) [^.!?]{{0,8}}\d[^!?]{{0,25}}[ .](?:{absences.TO}){articles}", ""),
        ("until", rf"\d[^!?]{{0,20}} ?- ?{articles}", ""),
    )
    return tuple((role, re.compile(_pattern(before)), re.compile(_pattern(after))) for role, before, after in rows)


def _role(before: str, after: str) -> str:
    """ "until", "back", "unsure"; "" for a day that has nothing to do with it."""
    for role, left, right in _roles():
        if right.match(after) and left.search(before):
            return role
    return ""


# --------------------------------------------------------------------- days


def _resolved(found: re.Match[str], today: date, english: bool) -> date | None:
    groups = {name.rstrip("23456789"): value for name, value in found.groupdict().items() if value}
    if "only" in groups:
        ahead = (_numbers(absences.WEEKDAYS)[groups["only"]] - today.weekday()) % 7
        return today + timedelta(days=ahead) if ahead else None  # today, or a week from now?
    if "a" in groups:
        ordered = _ordered(int(groups["a"]), int(groups["b"]), groups["mark"], english)
        if ordered is None:
            return None
        day, month = ordered
    else:
        name = groups["month"]
        month = int(name) if name.isdigit() else _numbers(absences.MONTHS)[name]
        day = int(groups["day"])
    weekday = _numbers(absences.WEEKDAYS)[groups["weekday"]] if "weekday" in groups else None
    year = int(groups["year"]) % 100 + 2000 if "year" in groups else None
    return _placed(day, month, year, weekday, today)


def _ordered(first: int, second: int, mark: str, english: bool) -> tuple[int, int] | None:
    """Day and month: with dots the day stands first everywhere, with slashes it depends on who writes."""
    if mark == "." or first > 12 or first == second:
        return first, second
    if second > 12:
        return second, first
    return None if english else (first, second)


def _placed(day: int, month: int, year: int | None, weekday: int | None, today: date) -> date | None:
    """The day in its year, if it lies ahead and falls on the weekday that was said."""
    for candidate in (today.year, today.year + 1) if year is None else (year,):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if 0 <= (found - today).days <= (MAX_DAYS if year is None else MAX_DAYS_WITH_YEAR):
            return found if weekday is None or found.weekday() == weekday else None
    return None
