"""All texts that rules look for in one long field, found in one pass.

A policy asks for hundreds of words in a body of thousands; looking for each by itself is what
would cost most. RE2 finds which of them are there in the time of one. It refuses to know rules:
the compiler adds words, `view` asks which are there.
"""

from __future__ import annotations

from typing import Any

import re2

LONG = ("body", "words")
"""Fields worth it; in short ones looking costs nothing."""

_MOST = 20_000  # bytes of words in one automaton, far from RE2's limit of memory


class Scan:
    """Grows while rules are compiled, then is `close`d and never changes again."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}
        self._sets: list[tuple[Any, list[int]]] = []

    def add(self, word: str) -> int:
        """The number under which `found` tells that this folded word is there."""
        return self._words.setdefault(word, len(self._words))

    def close(self) -> None:
        size = _MOST
        for word, number in self._words.items():
            encoded = word.encode("utf-8", "surrogatepass")
            if size + len(encoded) > _MOST:
                size = 0
                self._sets.append((re2.Set.SearchSet(_options()), []))  # type: ignore[no-untyped-call]
            size += len(encoded)
            some, numbers = self._sets[-1]
            some.Add(re2.escape(encoded))  # type: ignore[no-untyped-call]
            numbers.append(number)
        for some, _ in self._sets:
            some.Compile()

    def found(self, line: bytes) -> frozenset[int]:
        """The numbers of the words that stand in a folded text."""
        return frozenset(numbers[at] for some, numbers in self._sets for at in some.Match(line) or ())


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are compared, whatever they are
    options.log_errors = False
    options.never_capture = True
    return options
