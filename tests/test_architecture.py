"""Who may import whom, what the core may touch, how big things may get: read from the source.

The table is the architecture; a change there is a decision, not a repair. Nothing is imported to
be checked. The checker itself is tested on small bad programs below.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_MODULE = 449  # lines; at 400 think about the second idea in it
LONGEST_FUNCTION = 59  # the same at 40


@dataclass(frozen=True)
class Room:
    """Modules that share a purpose. Besides each other they may import `ours` and `libraries`."""

    modules: tuple[str, ...]  # patterns of module names
    ours: tuple[str, ...] = ()  # modules, with all below them
    libraries: tuple[str, ...] = ()


VALUES = ("maild.core.model", "maild.core.policy")

# The first room with a matching pattern is a module's room.
ROOMS = (
    Room(("maild",)),
    Room(("maild.__main__",), ours=("maild.cli",)),
    Room(("maild.cli", "maild.cli.*"), ours=("maild",)),
    Room(
        ("maild.app",),
        ours=(
            "maild.config",
            "maild.core",
            "maild.desk",
            "maild.doors",
            "maild.dkim",
            "maild.edges",
            "maild.health.checks",
            "maild.health.pages",
            "maild.health.watch",
            "maild.letters",
            "maild.loops",
            "maild.mailboxes",
            "maild.pace",
            "maild.paths",
            "maild.ready",
            "maild.running",
            "maild.store",
            "maild.systemd",
        ),
    ),
    Room(
        ("maild.demo", "maild.demo.*"),
        ours=("maild.app", "maild.config", "maild.core", "maild.desk_directory", "maild.edges"),
    ),
    Room(("maild.desk_directory",), ours=("maild.config", "maild.paths", "maild.store")),
    Room(("maild.paths",)),
    Room(("maild.durable",)),
    Room(("maild.passwords",), ours=("maild.durable",)),
    Room(("maild.systemd",)),
    Room(("maild.doors",), ours=("maild.config", "maild.core", "maild.edges", "maild.passwords")),
    Room(("maild.ready",), ours=("maild.config", "maild.store")),
    Room(("maild.keeping",), ours=("maild.core", "maild.store")),
    Room(("maild.logs",)),
    Room(("maild.loops",)),
    Room(
        ("maild.health.doctor", "maild.health.doctor.*"),
        ours=(
            "maild.config",
            "maild.core",
            "maild.dkim",
            "maild.edges",
            "maild.health",
            "maild.mailboxes",
            "maild.ready",
            "maild.store",
        ),
    ),
    Room(("maild.health", "maild.health.*"), ours=("maild.config", "maild.core", "maild.edges", "maild.store")),
    Room(("maild.mailboxes",), ours=("maild.config", "maild.edges")),
    Room(("maild.pace",)),
    Room(("maild.wrong_tokens",)),
    Room(("maild.running",)),
    Room(("maild.replay",), ours=("maild.core", "maild.store")),
    Room(
        ("maild.config", "maild.config.*"),
        ours=("maild.core", "maild.dkim", "maild.durable", "maild.paths"),
        libraries=("pydantic",),
    ),
    Room(("maild.dkim",), libraries=("cryptography",)),
    Room(("maild.letters", "maild.letters.*"), ours=("maild.core",), libraries=("jinja2",)),
    Room(("maild.desk", "maild.desk_held"), ours=("maild.core", "maild.keeping", "maild.store", "maild.wrong_tokens")),
    Room(("maild.store", "maild.store.*"), ours=VALUES, libraries=("sqlalchemy", "alembic")),
    Room(("maild.core.mail.html*",), ours=("maild.core",), libraries=("selectolax", "nh3")),
    Room(("maild.core.rules", "maild.core.rules.*"), ours=("maild.core",), libraries=("re2",)),
    Room(("maild.core", "maild.core.*"), ours=("maild.core",)),
    Room(("maild.edges",)),
    Room(("maild.edges.clock",), libraries=("apscheduler",)),
    Room(("maild.edges.smtp*",), ours=("maild.desk", "maild.core.model"), libraries=("aiosmtpd",)),
    Room(("maild.edges.imap*",), ours=("maild.desk", "maild.durable", "maild.core.model"), libraries=("imapclient",)),
    Room(
        ("maild.edges.auth*",),
        ours=("maild.core",),
        libraries=("cryptography", "dns", "publicsuffixlist", "spf"),
    ),
    Room(
        ("maild.edges.courier*", "maild.edges.outbound*"),
        ours=("maild.durable", "maild.store", "maild.letters", "maild.core.relayed", *VALUES),
    ),
    Room(("maild.edges.*",), ours=("maild.desk", "maild.durable", "maild.core.model")),
)

# Libraries that more than one room imports, with the reason.
SHARED_LIBRARIES: Mapping[str, str] = {"cryptography": "one door verifies signatures, we sign our own letters"}

# Declared in pyproject.toml and imported nowhere: used by what we import.
INDIRECT = {
    "tzdata": "zoneinfo reads it",
    "psycopg": "SQLAlchemy loads it when a URL says so",
}
IMPORT_NAMES = {"google-re2": "re2", "dnspython": "dns", "pyspf": "spf"}
# Parts of a library under a name of their own, which it brings and pins.
PARTS = {"markupsafe": "jinja2", "pydantic_core": "pydantic"}

# What the core may import of the standard library: nothing that can look at the world.
PURE = frozenset(
    "__future__ abc base64 binascii bisect codecs collections contextlib dataclasses datetime difflib email encodings "
    "enum fnmatch functools hashlib hmac html idna ipaddress itertools math operator quopri re string struct textwrap "
    "types typing unicodedata urllib".split()
)
IMPURE_CALLS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "email.utils.formatdate",
        "email.utils.localtime",
        "email.utils.make_msgid",
        "urllib.request",
    }
)
IMPURE_NAMES = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})


# --------------------------------------------------------------------- the checker


@dataclass(frozen=True)
class Import:
    """One imported thing: its full dotted name, and whether it happens when the module is loaded."""

    line: int
    target: str
    at_load: bool


def check(module: str, source: str, path: str) -> list[str]:
    """Everything wrong with one module, each as "path:line: rule"."""
    tree = ast.parse(source, path)
    found = [
        *_foreign(module, tree),
        *(_impure(tree) if _under(module, "maild.core") else ()),
        *_sizes(source, tree),
    ]
    return [f"{path}:{line}: {rule}" for line, rule in sorted(found)]


def _foreign(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    room = room_of(module)
    if room is None:
        yield 1, f"{module} belongs to no room; give it one in {Path(__file__).name}"
        return
    for item in imports(tree):
        top = item.target.partition(".")[0]
        if top == "":
            yield item.line, "relative import: say the full name"
        elif top == "maild":
            allowed = any(_under(item.target, ours) for ours in room.ours) or item.target == "maild.__version__"
            if not allowed and not _same_room(item.target, room):
                yield item.line, f"{module} may not import {item.target}"
        elif top in sys.stdlib_module_names:
            if _under(module, "maild.core") and top not in PURE:
                yield item.line, f"the core may not import {top}: it is not pure"
        elif PARTS.get(top, top) not in room.libraries:
            yield item.line, f"{module} may not import the library {top}"
        yield from _costly(module, item)


def _costly(module: str, item: Import) -> Iterator[tuple[int, str]]:
    """Start-up time and memory: what is big and rarely used is not loaded with the program."""
    if _under(item.target, "sqlalchemy.orm"):
        yield item.line, "no ORM"
    if _under(item.target, "alembic") and item.at_load and not _under(module, "maild.store.migrations"):
        yield item.line, "alembic is imported inside the function that migrates"


def _impure(tree: ast.Module) -> Iterator[tuple[int, str]]:
    names = {bound: target for node in ast.walk(tree) for bound, target in _bindings(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in IMPURE_NAMES:
            yield node.lineno, f"the core may not use {node.id}"
        if isinstance(node, ast.Name | ast.Attribute):
            full = _dotted(node, names)
            if full in IMPURE_CALLS:
                yield node.lineno, f"the core may not use {full}: `now` is an argument, chance comes from outside"
        if _is_local_astimezone(node):
            yield node.lineno, "the core may not use astimezone() without a zone: it asks the machine"


def _is_local_astimezone(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
            return True
        case _:
            return False


def _sizes(source: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    lines = source.count("\n")
    if lines > LONGEST_MODULE:
        yield lines, f"a module of {lines} lines, more than {LONGEST_MODULE}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}"


def imports(tree: ast.Module) -> Iterator[Import]:
    """Every import of a module, those inside functions and under TYPE_CHECKING too."""
    inside = {
        id(child)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(function)
    }
    for node in ast.walk(tree):
        for _, target in _bindings(node, whole=True):
            yield Import(node.lineno, target, id(node) not in inside)  # type: ignore[attr-defined]


def _bindings(node: ast.AST, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """(name bound here, full name of what it means); `whole`: "import a.b" means a.b, not the a it binds."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield alias.asname or top, alias.name if alias.asname or whole else top
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            yield alias.asname or alias.name, f"{base}.{alias.name}"


def _dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """What an expression like `dt.datetime.now` means, with imported names spelt out; "" for others."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def room_of(module: str) -> Room | None:
    return next((room for room in ROOMS if any(fnmatchcase(module, one) for one in room.modules)), None)


def _same_room(target: str, room: Room) -> bool:
    """`target` may be a module or a name in one."""
    return room in (room_of(target), room_of(target.rpartition(".")[0]))


def _under(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


# --------------------------------------------------------------------- the house


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted((ROOT / "maild").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def libraries_by_room() -> dict[str, set[Room]]:
    used: dict[str, set[Room]] = {}
    for module, path in modules():
        room = room_of(module)
        for item in imports(ast.parse(path.read_text(encoding="utf-8"))):
            top = item.target.partition(".")[0]
            if room is not None and top not in sys.stdlib_module_names and top != "maild":
                used.setdefault(PARTS.get(top, top), set()).add(room)
    return used


def test_the_house_is_as_the_table_says() -> None:
    failures = []
    for module, path in modules():
        failures += check(module, path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    assert not failures, "\n" + "\n".join(failures)


def test_each_library_has_one_room() -> None:
    granted = [library for room in ROOMS for library in room.libraries]
    assert {library for library in granted if granted.count(library) > 1} == set(SHARED_LIBRARIES)
    assert {library for library, rooms in libraries_by_room().items() if len(rooms) > 1} == set(SHARED_LIBRARIES)


def test_what_is_declared_is_what_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = set()
    optional = project["optional-dependencies"]
    for requirement in [*project["dependencies"], *optional["postgresql"], *optional["auth"], *optional["dkim"]]:
        name = re.split(r"[^\w-]", requirement)[0]
        declared.add(IMPORT_NAMES.get(name, name))
    assert set(libraries_by_room()) == declared - set(INDIRECT)


def test_every_module_opens_with_what_it_is() -> None:
    silent = [str(path) for _, path in modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent


# --------------------------------------------------------------------- the checker checked

LONG_FUNCTION = "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION


@pytest.mark.parametrize(
    ("module", "source", "failure"),
    [
        ("maild.core.sla", "import maild.store", "x.py:1: maild.core.sla may not import maild.store"),
        ("maild.core.sla", "\nfrom maild import desk", "x.py:2: maild.core.sla may not import maild.desk"),
        ("maild.core.sla", "import jinja2", "x.py:1: maild.core.sla may not import the library jinja2"),
        ("maild.core.sla", "import nh3", "x.py:1: maild.core.sla may not import the library nh3"),
        ("maild.core.mail.html", "import re2", "x.py:1: maild.core.mail.html may not import the library re2"),
        ("maild.core.sla", "from . import model", "x.py:1: relative import: say the full name"),
        ("maild.core.sla", "def f():\n    import os", "x.py:2: the core may not import os: it is not pure"),
        ("maild.core.sla", "from time import monotonic", "x.py:1: the core may not import time: it is not pure"),
        ("maild.core.sla", "from pathlib import Path", "x.py:1: the core may not import pathlib: it is not pure"),
        ("maild.core.sla", "import random", "x.py:1: the core may not import random: it is not pure"),
        ("maild.core.sla", "import secrets", "x.py:1: the core may not import secrets: it is not pure"),
        ("maild.core.sla", "import uuid", "x.py:1: the core may not import uuid: it is not pure"),
        ("maild.core.sla", "import logging", "x.py:1: the core may not import logging: it is not pure"),
        ("maild.core.sla", "f = open('x')", "x.py:1: the core may not use open"),
        ("maild.core.sla", "import datetime\n\ndatetime.datetime.now()", "x.py:3: the core may not use datetime.datetime.now"),
        ("maild.core.sla", "from datetime import datetime as d\nd.utcnow()", "x.py:2: the core may not use datetime.datetime.utcnow"),
        ("maild.core.sla", "from datetime import date\nclock = date.today", "x.py:2: the core may not use datetime.date.today"),
        ("maild.core.sla", "from email.utils import make_msgid as m\nm()", "x.py:2: the core may not use email.utils.make_msgid"),
        ("maild.core.sla", "import email.utils\nemail.utils.localtime()", "x.py:2: the core may not use email.utils.localtime"),
        ("maild.core.sla", "def f(at):\n    return at.astimezone()", "x.py:2: the core may not use astimezone() without a zone"),
        ("maild.store.recall", "from maild.core import decide", "x.py:1: maild.store.recall may not import maild.core.decide"),
        ("maild.store.recall", "from maild.edges import smtp", "x.py:1: maild.store.recall may not import maild.edges.smtp"),
        ("maild.store.recall", "from sqlalchemy.orm import Session", "x.py:1: no ORM"),
        ("maild.store.migrating", "import alembic.config", "x.py:1: alembic is imported inside the function"),
        ("maild.desk", "import maild.edges.pipe", "x.py:1: maild.desk may not import maild.edges.pipe"),
        ("maild.desk", "import sqlalchemy", "x.py:1: maild.desk may not import the library sqlalchemy"),
        ("maild.letters", "from maild.store import Store", "x.py:1: maild.letters may not import maild.store.Store"),
        ("maild.edges.pipe", "from maild.store import Store", "x.py:1: maild.edges.pipe may not import maild.store.Store"),
        ("maild.edges.pipe", "from maild.edges.smtp import SmtpDoor", "x.py:1: maild.edges.pipe may not import maild.edges.smtp"),
        ("maild.edges.imap", "import aiosmtpd.smtp", "x.py:1: maild.edges.imap may not import the library aiosmtpd"),
        ("maild.edges.clock", "import maild.desk", "x.py:1: maild.edges.clock may not import maild.desk"),
        ("maild.edges.smtp", "from maild.app import utc_now", "x.py:1: maild.edges.smtp may not import maild.app.utc_now"),
        ("maild.app", "from maild import cli", "x.py:1: maild.app may not import maild.cli"),
        ("maild.stray", "", "x.py:1: maild.stray belongs to no room"),
        ("maild.app", "\n" * 450, "x.py:450: a module of 450 lines"),
        ("maild.app", LONG_FUNCTION, "x.py:1: f has 60 lines"),
    ],
)  # fmt: skip
def test_a_bad_program_is_told_where_and_why(module: str, source: str, failure: str) -> None:
    told = check(module, source, "x.py")
    assert len(told) == 1, told
    assert told[0].startswith(failure)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("maild.core.sla", "from datetime import UTC, datetime, time\nfrom maild.core import hours\ntime(9)"),
        ("maild.core.sla", "def f(now, draft):\n    return draft.now() or now.today or draft.open('x')"),
        ("maild.core.sla", "def f(at, zone):\n    return at.astimezone(zone)"),
        ("maild.core.mail.html_text", "import selectolax.lexbor\nimport maild.core.mail.charsets"),
        ("maild.core.rules.compile", "import re2\nfrom maild.core.rules.model import Rule"),
        ("maild.store.migrating", "def migrate():\n    import alembic.config"),
        ("maild.store.migrations.env", "from alembic import context"),
        (
            "maild.store.recall",
            "import os, time\nfrom maild.core.model import Clues\nfrom maild.store.schema import mail",
        ),
        ("maild.edges.courier", "import smtplib\nfrom maild.store import Store\nfrom maild.edges import outbound"),
        ("maild.edges.smtp", "from maild import __version__\nfrom maild.edges.smtp_data import read"),
        ("maild.cli.tickets", "from maild.app import build\nfrom maild.cli import output"),
        ("maild.app", "\n" * 449),
    ],
)
def test_a_good_program_passes(module: str, source: str) -> None:
    assert check(module, source, "x.py") == []
