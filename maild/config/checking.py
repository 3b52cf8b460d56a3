"""Everything that is wrong with a configuration and its rules, for `maild check`.

`load` and `policy` stop one after the other; an admin wants to mend both files in one go. It
refuses to build anything.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from maild.config.documents import Document, read
from maild.config.loading import Config, load
from maild.config.names import NO_PROMISE
from maild.config.problems import ConfigErrors, Problem
from maild.config.resolving import known_names, policy, read_rules
from maild.config.rule_tests import must_pass, read_tests
from maild.config.secrets import dkim_signer, mailbox_secrets, outbound_password
from maild.config.sections import Defaults
from maild.core.policy import ALWAYS
from maild.core.rules import Names


def check(path: Path | str) -> tuple[Problem, ...]:
    """Every problem of the configuration file, the rules beside it, the secrets."""
    try:
        config = load(path)
    except ConfigErrors as errors:
        return (*errors.problems, *_rules_of(Path(path).absolute()))
    problems: list[Problem] = []
    asking: list[Callable[[], object]] = [
        *(partial(outbound_password, config, os.environ, place) for place in range(len(config.outbound.url))),
        *mailbox_secrets(config, os.environ),
        partial(dkim_signer, config),
        partial(_policy, config),
    ]
    for ask in asking:
        try:
            ask()
        except ConfigErrors as errors:
            problems += errors.problems
    return tuple(problems)


def _policy(config: Config) -> None:
    """The policy, and its tests; where it cannot be made, at least whether the tests can be read."""
    try:
        made = policy(config)
    except ConfigErrors as errors:
        problems = list(errors.problems)
        read_tests(config.desk.rules, known_names(config), None, problems)
        raise ConfigErrors(problems) from None
    must_pass(config, made)


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
            calendars=(*_table(document, "calendar"), ALWAYS),
            organisations=tuple(_table(document, "organisation")),
        )
        read_rules(file.parent / directory, known, problems)
        read_tests(file.parent / directory, known, None, problems)
    return problems


def _table(document: Document, key: str) -> Mapping[str, Any]:
    value = document.data.get(key)
    return value if isinstance(value, Mapping) else {}
