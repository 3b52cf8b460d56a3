"""What stands below a person's words and is not part of them: closings, cards, phones' footers, rules.

It refuses to guess: without a delimiter a block counts as a signature only if it looks
like nothing else. Called by `quoting` with the lines kept so far, which lose what is found.
"""

from __future__ import annotations

import re

from maild.core.mail import telltale

MAX_CLOSING = 8  # lines from "Best regards" to the end, and how long they may be
MAX_CLOSING_LINE = 60
MAX_CARD = 10  # lines of a name with ways to reach it
MAX_CARD_LINE = 80

_WAY = re.compile(  # a line that says how somebody is reached, and hardly anything else
    r"[\s*_]*(?:(?:e-?mail|mail|web|www|url|internet|phone|tel(?:efon|éfono|eph?one)?|fax|mobil?e?|cell|gsm|handy|office|direct|skype|"
    r"t|m|f|p|e|w|d)\s*[.:：]{1,2}\s*)?(?:<?[\w.+-]{1,64}@[\w.-]{3,100}>?|(?:https?://|www\.)\S{3,100}|[+(]?\d[\d\s()/.+-]{6,24}"
    r"(?:\s*(?:ext|x|dw|durchwahl)\.?\s*\d{1,6})?(?:\s*\([^()]{1,20}\))?)[\s*_|,;]*\Z",
    re.IGNORECASE,
)
_NAME = re.compile(r"[\s*_]*[^\W\d_][\w.'’-]*(?:\s+[^\W\d_][\w.'’-]*){0,4}(?:,\s?[\w. ]{2,12}){0,2}[\s*_]*\Z")
_SIGNED = re.compile(r"\s*[-–—~]{1,2}\s?[^\W\d_]{2,20}\.?\s*\Z")
_LISTED = re.compile(r"\s*(?:[-–—*•+]|\d{1,2}[.)])\s?\S")


def trimmed(kept: list[str]) -> list[str]:
    """Take blank lines, rules and "Sent from my phone" off the end of `kept`; the last are answered."""
    moved: list[str] = []
    while kept:
        last = kept[-1][: telltale.MAX_LINE]
        if not last.strip() or telltale.RULE.match(last):
            kept.pop()
        elif (
            len(last) < 120
            and telltale.SENT_FROM.match(last)
            and (len(last.split()) <= 7 or telltale.DEVICE.search(" ".join(last.split()[:7])))
        ):
            moved.append(kept.pop())
        else:
            break
    return moved[::-1]


def closing(kept: list[str]) -> list[str]:
    """Take what closes the letter off the end of `kept`: "Best regards" with a name, a card, "-Bob"."""
    place = _valediction(kept) or _card(kept) or _signed(kept)
    if not place or not any(map(str.strip, kept[:place])):
        return []
    moved = kept[place:]
    del kept[place:]
    return moved


def _valediction(kept: list[str]) -> int:
    """Where "Best regards" stands, alone on its line with a few short lines below; 0 if nowhere."""
    for place in range(len(kept) - 1, max(len(kept) - 1 - MAX_CLOSING, 0), -1):
        if len(kept[place]) > MAX_CLOSING_LINE:
            return 0
        if telltale.VALEDICTION.match(kept[place]):
            return place
    return 0


def _card(kept: list[str]) -> int:
    """Where a block begins that a blank line sets apart: a name and at least two ways to reach it; 0 if nowhere."""
    place, ways = len(kept), 0
    while place > max(len(kept) - MAX_CARD, 1) and kept[place - 1].strip() and len(kept[place - 1]) <= MAX_CARD_LINE:
        place -= 1
        ways += _WAY.match(kept[place]) is not None
    block = kept[place:]
    apart = place < len(kept) and not kept[place - 1].strip()
    named = apart and _NAME.match(block[0]) is not None
    prose = any(line.rstrip().endswith(("?", "!", ":", ",")) for line in block)
    return place if named and ways >= 2 and not prose and ways * 3 >= len(block) else 0


def _signed(kept: list[str]) -> int:
    """Where the last line is a name behind a dash, as in "-Bob"; 0 if it may be an item of a list."""
    if len(kept) < 2 or not _SIGNED.match(kept[-1][: telltale.MAX_LINE]):
        return 0
    before = next((line for line in reversed(kept[:-1]) if line.strip()), "")[: telltale.MAX_LINE]
    return 0 if _LISTED.match(before) or before.rstrip().endswith((":", ",", ";")) else len(kept) - 1
