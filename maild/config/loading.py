"""One TOML file to one frozen Config, or every reason why not.

It refuses to read rules and secrets; `resolving` does when a Policy is made.
Called by `app` and by every verb of the command line.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from maild.config import listening, mailboxes, names
from maild.config.documents import Document, read
from maild.config.problems import ConfigErrors, Problem, dotted, unknown
from maild.config.sections import Tables, section_of
from maild.config.toml_lines import Place
from maild.paths import TEMPLATES


class Config(Tables):
    """The configuration file, validated. All paths are absolute."""

    path: Path
    document: Document = Field(repr=False)


def load(path: Path | str) -> Config:
    """Read the configuration. ConfigErrors has every problem of the file."""
    file = Path(path).absolute()
    document = read(file)
    problems = [
        *names.check(document),
        *mailboxes.check(document),
        *listening.check(document),
        *_missing_files(document),
        *_missing_sets(document),
        *_missing_packages(document),
    ]
    try:
        tables = Tables.model_validate(document.data, context={"base": file.parent})
    except ValidationError as error:
        raise ConfigErrors(_sorted([_problem(each, document) for each in error.errors()] + problems)) from None
    if problems:
        raise ConfigErrors(_sorted(problems))
    return Config.model_construct(**_filled(tables), path=file, document=document)


def _filled(tables: Tables) -> dict[str, Any]:
    """The sections, where what is left empty takes the value it stands for."""
    desk = tables.desk
    if not desk.domain:
        desk = desk.model_copy(update={"domain": tables.address[0].address.rpartition("@")[2].lower()})
    hostname = {"hostname": desk.domain}
    return dict(tables) | {
        "desk": desk,
        "smtp": tables.smtp if tables.smtp.hostname else tables.smtp.model_copy(update=hostname),
        "outbound": tables.outbound if tables.outbound.hostname else tables.outbound.model_copy(update=hostname),
        "dkim": tables.dkim if tables.dkim.domain else tables.dkim.model_copy(update={"domain": desk.domain}),
    }


_DIRECTORIES = (("desk", "rules"), ("desk", "templates"))
_EXTRAS = (  # of pyproject.toml
    (("authentication", "check"), "auth", ("cryptography", "dns", "publicsuffixlist", "spf")),
    (("dkim", "key_file"), "dkim", ("cryptography",)),
)
_FILES = (
    ("outbound", "password_file"),
    ("outbound", "ca_file"),
    ("dkim", "key_file"),
    ("tls", "certificate"),
    ("tls", "key"),
)


def _missing_files(document: Document) -> Iterator[Problem]:
    """`rules` and `templates` may be left away altogether, but what is named must be there."""
    for section, key in (*_DIRECTORIES, *_FILES):
        table = document.data.get(section)
        named = table.get(key) if isinstance(table, Mapping) else None
        for value in named if isinstance(named, tuple) else (named,):
            if not isinstance(value, str) or not value or "\0" in value:
                continue
            path = Path(document.file).parent / value
            wanted = "directory" if (section, key) in _DIRECTORIES else "file"
            if not (path.is_dir() if wanted == "directory" else path.is_file()):
                place = (section, key)
                yield Problem(document.file, document.line_of(place), dotted(place), f"there is no {wanted} {path}")


def _missing_sets(document: Document) -> Iterator[Problem]:
    """A team's templates are a directory of the desk, or one that maild brings."""
    desk, teams = document.data.get("desk"), document.data.get("team")
    named = desk.get("templates", "templates") if isinstance(desk, Mapping) else "templates"
    if not isinstance(named, str) or "\0" in named or not isinstance(teams, Mapping):
        return
    places = [Path(document.file).parent / named, TEMPLATES]
    sets = sorted({path.name for place in places if place.is_dir() for path in place.iterdir() if path.is_dir()})
    for key, team in teams.items():
        wanted = team.get("templates") if isinstance(team, Mapping) else None
        if isinstance(wanted, str) and wanted and wanted not in sets:
            place = ("team", key, "templates")
            said = unknown("template set", wanted, sets)
            yield Problem(document.file, document.line_of(place), dotted(place), said)


def _missing_packages(document: Document) -> Iterator[Problem]:
    """What some keys need is not installed with every maild."""
    for place, extra, packages in _EXTRAS:
        table = document.data.get(place[0])
        if isinstance(table, Mapping) and table.get(place[1]):
            missing = [name for name in packages if find_spec(name) is None]
            if missing:
                said = f"needs packages that are not here ({', '.join(missing)}): pip install 'maild[{extra}]'"
                yield Problem(document.file, document.line_of(place), dotted(place), said)


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line)


_WORDS = {
    "missing": "is required",
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list: […]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date without quotes: 2026-12-25",
    "too_short": "needs at least one entry",
}


def _problem(error: ErrorDetails, document: Document) -> Problem:
    place: Place = tuple(part for part in error["loc"] if part != "[key]")
    context: Mapping[str, Any] = error.get("ctx", {})
    kind = error["type"]
    if kind == "extra_forbidden":
        model = section_of(str(place[0])) if len(place) > 1 else Tables
        text = unknown("key", str(place[-1]), model.model_fields if model else ())
    elif kind == "missing" and place == ("address",):
        text = "is required: a desk needs at least one [[address]]"
    elif kind == "value_error":
        text = str(context["error"])
    elif kind == "greater_than_equal":
        text = f"must be {context['ge']} or more"
    elif kind == "string_pattern_mismatch":
        text = "must be 1 to 10 capital letters or digits"
    elif kind == "literal_error":
        text = f"must be {context['expected']}"
    else:
        text = _brackets(kind, place, error["input"]) or _WORDS.get(kind, error["msg"])
    return Problem(document.file, document.line_of(place), dotted(place), text)


def _brackets(kind: str, place: Place, given: object) -> str:
    """What was meant where a table has the wrong brackets: [[team]], [[smtp]] or [address]; "" where it has not."""
    if len(place) != 1 or not isinstance(given, (list, tuple, Mapping)):
        return ""
    meant = {"dict_type": f"[{place[0]}.KEY]", "model_type": f"[{place[0]}]", "tuple_type": f"[[{place[0]}]]"}
    return f"is written {meant[kind]}" if kind in meant else ""
