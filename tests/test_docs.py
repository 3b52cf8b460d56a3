"""The manual is true: every verb, option, key, command, letter and fate is in it, and what it shows works.

It refuses to judge prose. Where documentation repeats what the program knows, it is compared
with the program; examples are parsed by the parsers that would read them in earnest.
"""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from maild import paths
from maild.cli import parser as command_line
from maild.cli.exits import Exit
from maild.config.sections import Tables, section_of
from maild.core import commands
from maild.core.model import Fate, Status
from maild.core.rules import OCCASIONS, Names, RawRule, action_compiler, compile_rules, times, vocabulary
from maild.core.rules import compile as rule_compiler
from maild.letters import CATALOGUE, cards
from maild.letters.catalogue import EVERYWHERE

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md")))
README, ADMINS, AGENTS, COMMANDS = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "docs/admins.md", "docs/agents.md", "docs/commands.md")
)
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
EXAMPLE = tomllib.loads(paths.EXAMPLE_CONFIG.read_text(encoding="utf-8"))


def section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one that is not deeper."""
    prose = without_code(page)
    found = re.search(rf"^(#+) {re.escape(heading)}$", prose, re.MULTILINE)
    assert found, f"there is no heading “{heading}”"
    end = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE).search(prose, found.end())
    return page[found.end() : end.start() if end else len(page)]


def without_code(page: str) -> str:
    """The page with its fenced blocks blanked out, every character in its place: a comment in code is no heading."""
    blank = re.compile(r"[^\n]")
    return re.sub(r"^```.*?^```$", lambda found: blank.sub(" ", found[0]), page, flags=re.MULTILINE | re.DOTALL)


def code(page: str, language: str = "") -> list[str]:
    """The fenced blocks of a page in this language."""
    fences = re.findall(r"^```([a-z]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [text for kind, text in fences if kind == language]


# --------------------------------------------------------------------- the command line

VERBS: dict[str, argparse.ArgumentParser] = next(
    dict(action.choices)  # type: ignore[arg-type]
    for action in command_line.build()._actions
    if isinstance(action, argparse._SubParsersAction)
)
EVERYWHERE_OPTIONS = {"-h", "--help", "-c", "--config"}


def options(verb: str) -> set[str]:
    return {option for action in VERBS[verb]._actions for option in action.option_strings}


def test_every_verb_has_a_section_and_no_other_thing_has() -> None:
    assert re.findall(r"^## maild (\S+)$", COMMANDS, re.MULTILINE) == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_section_of_a_verb_tells_its_options_and_no_others(verb: str) -> None:
    told = set(re.findall(r"(?<![\w-])--?[a-z]+(?:-[a-z]+)*", section(COMMANDS, f"maild {verb}")))
    assert told >= {option for option in options(verb) - EVERYWHERE_OPTIONS if option.startswith("--")}
    assert told <= options(verb) | EVERYWHERE_OPTIONS


@pytest.mark.parametrize("verb", VERBS)
def test_the_section_of_a_verb_has_an_example_with_every_option(verb: str) -> None:
    """Prose may mention an option; an example shows how it is written."""
    shown = "\n".join(code(section(COMMANDS, f"maild {verb}")))
    assert f"maild {verb}" in shown
    wanted = {option for option in options(verb) - EVERYWHERE_OPTIONS if option.startswith("--")}
    assert {option for option in wanted if option not in shown} <= {"--persistent"}


def test_options_that_verbs_share_are_told_at_the_top() -> None:
    top = COMMANDS.partition("\n## ")[0]
    without = {verb for verb in VERBS if "--config" not in options(verb)}
    told = re.search(r"All verbs but (.*?) take `-c FILE` \(`--config FILE`\)", top)
    assert told
    assert set(re.findall(r"`(\w+)`", told[1])) == without
    assert all(option in top for option in EVERYWHERE_OPTIONS)


TYPED = re.compile(r"(?:\$ |\* )?(?:sudo -u \w+ )?(?:\S*/)?maild ([a-z]+\b.*)")


def typed() -> Iterator[tuple[str, str]]:
    """Every `maild VERB …` in a code block of the manual, without what the shell does with it."""
    for page in PAGES:
        lines = [line for block in code(page.read_text(encoding="utf-8")) for line in block.splitlines()]
        for part in (part.strip() for line in lines if "─►" not in line for part in re.split(r"&&|\s[<>]\s", line)):
            found = TYPED.fullmatch(part)
            if found and found[1].split()[0] in VERBS:
                yield page.name, found[1].replace("$'", "'")


@pytest.mark.parametrize(("page", "words"), sorted(set(typed())))
def test_what_the_manual_types_can_be_typed(page: str, words: str) -> None:
    assert command_line.build().parse_args(shlex.split(words)).verb


def test_there_is_much_to_type() -> None:
    assert {words.split()[0] for _, words in typed()} == set(VERBS)


def test_every_exit_code_is_told() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (\w+) \|", section(COMMANDS, "Exit codes"), re.MULTILINE))
    assert table == {str(int(code)): code.name for code in Exit}


# --------------------------------------------------------------------- the configuration

SECTIONS: dict[str, type[BaseModel]] = {name: model for name in Tables.model_fields if (model := section_of(name))}
KEYS = [(name, key) for name, model in SECTIONS.items() for key in model.model_fields]


def keys_told(name: str) -> dict[str, str]:
    """Key → default, as the table of a section tells them."""
    kind = Tables.model_fields[name].annotation
    heading = f"`[[{name}]]`" if str(kind).startswith("tuple") or name == "address" else f"`[{name}]`"
    if str(kind).startswith("dict"):
        heading = f"`[{name}.KEY]`"
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section(ADMINS, heading), re.MULTILINE))


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_is_explained_and_no_other(name: str) -> None:
    assert list(keys_told(name)) == list(SECTIONS[name].model_fields)


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_defaults_are_told_as_they_are(name: str, key: str) -> None:
    model, told = SECTIONS[name], keys_told(name)[key]
    default = model.model_fields[key].get_default()
    if default is PydanticUndefined:
        assert told == "required"
    elif default is None:
        assert told == "not set"
    else:
        value: Any = tomllib.loads(f"x = {told.strip('`')}")["x"]
        value = tuple(value) if isinstance(value, list) else value
        given = {"name": "x", "tag": "X", "admin": "a@b", "address": "a@b", "email": "a@b", "host": "imap.b"}
        given |= {"user": "u", "path": "p"}
        required = {field: given[field] for field, it in model.model_fields.items() if it.is_required()}
        assert getattr(model.model_validate({**required, key: value}), key) == default


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_the_example_configuration_has_every_key(name: str, key: str) -> None:
    text = paths.EXAMPLE_CONFIG.read_text(encoding="utf-8")
    blocks = re.split(r"^#?\[", text, flags=re.MULTILINE)
    mine = [block for block in blocks if re.match(rf"\[?{name}[\].]", block)]
    assert any(re.search(rf"^#?{key} = ", block, re.MULTILINE) for block in mine)


# --------------------------------------------------------------------- rules


def names() -> Names:
    return Names(
        topics=tuple(EXAMPLE["topic"]),
        priorities=tuple(EXAMPLE["defaults"]["priorities"]),
        teams=tuple(EXAMPLE["team"]),
        agents=tuple(EXAMPLE["agent"]),
        plans=tuple(EXAMPLE["sla"]),
        calendars=(*EXAMPLE["calendar"], "24x7"),
        organisations=tuple(EXAMPLE.get("organisation", ())),
    )


def test_every_word_of_rules_is_explained() -> None:
    told = set(re.findall(r"`([\w.-]+?)(?:\.NAME)?(?: = .*?)?`", RULES))
    words = {*rule_compiler.KEYS, *action_compiler.ACTIONS, *vocabulary.FIELDS, *vocabulary.SPECIAL}
    words |= {*vocabulary.GROUPS, *vocabulary.TEXT_OPERATORS, *vocabulary.NUMBER_OPERATORS, *vocabulary.DAY_OPERATORS}
    words |= {*vocabulary.ALIASES, *vocabulary.CHANGING, *action_compiler.STATUSES}
    assert words <= told
    assert set(re.findall(r'^\| `"(\w+)"` \|', section(RULES, "Occasions"), re.MULTILINE)) == set(OCCASIONS)
    assert set(re.findall(r'`"([\w-]+)"`', section(RULES, "Rules that wait"))) >= set(times.SINCE)


def test_the_rules_of_the_manual_can_be_used() -> None:
    tables = [rule for block in code(RULES, "toml") for rule in tomllib.loads(block).get("rule", ())]
    rules, problems = compile_rules(
        [RawRule(file="rules.md", number=at, table=table) for at, table in enumerate(tables)], names()
    )
    assert not problems
    assert len(rules) == len(tables) >= 3


def test_configuration_in_the_manual_can_be_read() -> None:
    for block in code(ADMINS.replace(section(ADMINS, "Rules"), ""), "toml"):
        for name, table in tomllib.loads(block).items():
            for one in table if isinstance(table, list) else [table]:
                assert set(one) <= set(SECTIONS[name].model_fields)


# --------------------------------------------------------------------- letters, commands, words


def template_rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `([a-z_-]+)` \| (.*) \|$", section(ADMINS, "Templates"), re.MULTILINE))


def test_every_letter_is_explained() -> None:
    assert {name for name in template_rows() if name not in EVERYWHERE} == set(CATALOGUE)


@pytest.mark.parametrize("letter", CATALOGUE)
def test_a_letter_tells_its_own_names(letter: str) -> None:
    own = template_rows()[letter].rsplit(" | ", 1)[1] if " | " in template_rows()[letter] else ""
    own = re.sub(r"\(.*?\)", "", own)
    assert set(re.findall(r"`(\w+)`", own)) == set(CATALOGUE[letter].context)


def test_names_every_letter_has_are_explained() -> None:
    assert set(EVERYWHERE) <= set(template_rows())
    for name, view in (("ticket", cards.TicketView), ("entry", cards.EntryView)):
        told = {word.rpartition(".")[2] for word in re.findall(r"`([\w.]+)`", template_rows()[name])}
        assert told >= {attribute for attribute in dir(view) if not attribute.startswith("_")}


@pytest.mark.parametrize("word", commands.FORMS)
def test_every_command_has_a_section_with_an_example_that_is_one(word: str) -> None:
    text = section(AGENTS, f"`{commands.form(word)}`")
    examples = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    said = commands.parse("\n".join(examples))
    assert word in {command.word for command in said.commands}
    assert not said.mistakes


def test_no_other_command_has_a_section() -> None:
    told = re.findall(r"^### `(#.*)`$", AGENTS, re.MULTILINE)
    assert told == [commands.form(word) for word in commands.FORMS]


def test_other_spellings_are_told() -> None:
    paired = {word for pair in commands.ALIASES.items() for word in pair}
    assert paired <= set(re.findall(r"`#(\w+)`", section(AGENTS, "All commands")))


def test_every_status_and_every_fate_is_explained() -> None:
    statuses = section(AGENTS, "Statuses")
    assert [status for status in Status if f"`{status}`" not in statuses] == []
    fates = re.findall(r"^\| `(\w+)` \|", section(ADMINS, "The ledger"), re.MULTILINE)
    assert fates == list(Fate)


# --------------------------------------------------------------------- links and the map


def slug(heading: str) -> str:
    """The anchor of a heading, as code forges make them."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    prose = without_code(page.read_text(encoding="utf-8"))
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", prose, re.MULTILINE)}


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                yield page, target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())), ids=str)
def test_links_lead_somewhere(page: Path, target: str) -> None:
    name, _, anchor = target.partition("#")
    goal = page.parent / name if name else page
    assert goal.exists()
    assert not anchor or anchor in anchors(goal)


def test_there_are_links_to_every_page_of_the_manual() -> None:
    linked = {(page.parent / target.partition("#")[0]).resolve() for page, target in links()}
    pages = {page for page in PAGES if page.name not in ("README.md", "benchmarks.md")}
    assert pages <= linked


def map_of_readme() -> str:
    return code(section(README, "The map"))[0]


MADE = ("var", "build", "dist", "__pycache__")  # and whatever begins with a dot or ends with .egg-info


def visible(directory: Path) -> Iterator[str]:
    for path in sorted(directory.iterdir()):
        if path.name not in MADE and not path.name.startswith(".") and not path.name.endswith(".egg-info"):
            yield path.name + "/" * path.is_dir()


def test_the_map_shows_what_there_is() -> None:
    drawn = map_of_readme()
    top = [name for name in visible(ROOT) if name != "README.md"]
    rooms = [name for name in visible(ROOT / "maild") if not name.startswith("__") and name != "py.typed"]
    inside = [name for name in visible(ROOT / "maild" / "core") if not name.startswith("__")]
    missing = [name for name in (*top, *rooms, *inside) if not re.search(rf"(?<![\w/]){re.escape(name)}(?!\w)", drawn)]
    assert missing == []


def test_the_map_shows_nothing_else() -> None:
    there = {path.name for path in (ROOT, *ROOT.iterdir(), *(ROOT / "maild").rglob("*"), *(ROOT / "tests").iterdir())}
    drawn = re.findall(r"(?:^|\s)([\w.]+(?:/|\.py|\.toml|\.txt|\.md))(?=[\s,;]|$)", map_of_readme())
    assert [name for name in drawn if name.rstrip("/") not in there] == []
    assert len(drawn) > 20
