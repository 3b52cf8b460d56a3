"""Finding what a person meant by a name: an agent, a team, a topic, a plan.

It refuses to know what the names belong to. Commands, rules and configuration use it,
so that a near miss gets the same answer everywhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

_NOT_WORD = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """A name without case, blanks and punctuation: "Sev-A" and "sev a" are one."""
    return _NOT_WORD.sub("", name.casefold())


def find(wanted: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The keys that `wanted` may mean: one is an answer, several are a question, none is a miss.

    `names` maps each key to everything it is called. A whole name beats the beginning of
    one, which beats a part of one; words in between do not matter.
    """
    needle = folded(wanted)
    if not needle:
        return ()
    called = [(key, folded(name)) for key, its_names in names.items() for name in (key, *its_names)]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        hits = tuple(dict.fromkeys(key for key, name in called if name and fits(name, needle)))
        if hits:
            return hits
    return ()


def nearest(wanted: str, names: Iterable[str], limit: int = 1, likeness: float = 0.6) -> tuple[str, ...]:
    """The valid names most like a wrong one, best first; none where nothing is `likeness` (0…1) alike."""
    by_folded = {folded(name): name for name in names}
    found = difflib.get_close_matches(folded(wanted)[:80], by_folded, n=limit, cutoff=likeness)
    return tuple(by_folded[name] for name in found)
