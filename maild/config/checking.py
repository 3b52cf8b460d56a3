"""Everything that is wrong with a configuration and its rules, for `maild check`.

`load` and `policy` stop one after the other; an admin wants to mend both files in one go. It
refuses to build anything.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maild.config.documents import Document, read
from maild.config.loading import load
from maild.config.names import NO_PROMISE
from maild.config.problems import ConfigErrors, Problem
from maild.config.resolving import policy, read_rules
from maild.config.secrets import outbound_password
from maild.config.sections import Defaults
from maild.core.rules import Names


def check(path: Path | str) -> tuple[Problem, ...]:
    """Every problem of the configuration file, the rules beside it, the secret and the relay's password."""
    try:
        config = load(path)
    except ConfigErrors as errors:
        return (*errors.problems, *_rules_of(Path(path).absolute()))
    problems: list[Problem] = []
    for ask in (lambda: outbound_password(config, os.environ), lambda: policy(config)):
        try:
            ask()
        except ConfigErrors as errors:
            problems += errors.problems
    return tuple(problems)


def _rules_of(file: Path) -> list[Problem]:
    """The problems of the rules beside a configuration that cannot be used; names are taken as they stand in it."""
    problems: list[Problem] = []
    try:
        document = read(file)
    except ConfigErrors:
        return problems  # no TOML: which names exist is unknown, and every rule would look wrong
    directory = _table(document, "desk").get("rules", "rules")
    defaults = _table(document, "defaults").get("priorities", Defaults().priorities)
    if isinstance(directory, str) and "\0" not in directory and isinstance(defaults, tuple):
        known = Names(
            topics=tuple(_table(document, "topic")),
            priorities=tuple(str(each) for each in defaults),
            teams=tuple(_table(document, "team")),
            agents=tuple(_table(document, "agent")),
            plans=tuple(_table(document, "sla")) or (NO_PROMISE,),
        )
        read_rules(file.parent / directory, known, problems)
    return problems


def _table(document: Document, key: str) -> Mapping[str, Any]:
    value = document.data.get(key)
    return value if isinstance(value, Mapping) else {}
