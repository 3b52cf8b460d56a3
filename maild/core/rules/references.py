"""Finding another system's reference in a subject, by a pattern an admin wrote.

RE2, as in conditions: linear whatever a stranger writes. It refuses to know whose reference it
is. `config` compiles, `core.evidence` asks.
"""

from __future__ import annotations

from collections.abc import Callable

import re2

LONGEST = 200  # characters of a reference; more is no reference


def finder(pattern: str) -> Callable[[str], str]:
    """A function that gives the first part of a text the pattern fits, "" if there is none.

    Upper and lower case are alike. ValueError says what is wrong with the pattern.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    try:
        compiled = re2.compile(pattern.encode(), options)  # type: ignore[no-untyped-call]
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args else "unknown error"
        raise ValueError(f"bad regular expression: {said} (RE2 syntax: no look-around, no back references)") from None
    if compiled.search(b""):
        raise ValueError("it fits an empty text, so that every letter would have a reference")

    def find(text: str) -> str:
        found = compiled.search(text.encode("utf-8", "replace"))
        return found[0].decode("utf-8", "replace")[:LONGEST] if found else ""

    return find
