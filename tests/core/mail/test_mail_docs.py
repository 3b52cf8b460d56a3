"""docs/reading.md names every cap with its value, and every sort of letter."""

import importlib
import pkgutil
import re
from pathlib import Path

import maild.core.mail
from maild.core.model import Kind, Nature

PAGE = (Path(__file__).parents[3] / "docs" / "reading.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `([a-z_]+\.MAX_[A-Z_]+)` \| ([\d_]+) \| \S", PAGE, re.MULTILINE))


def caps() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(maild.core.mail.__path__):
        path = Path(maild.core.mail.__path__[0]) / f"{module.name}.py"
        names = re.findall(r"^(MAX_\w+) = ", path.read_text(encoding="utf-8"), re.MULTILINE)
        loaded = importlib.import_module(f"maild.core.mail.{module.name}")
        found |= {f"{module.name}.{name}": str(getattr(loaded, name)) for name in names}
    return found


def test_every_cap_is_in_the_table_with_its_value() -> None:
    assert {name: value.replace("_", "") for name, value in TABLE.items()} == caps()


def test_every_kind_and_nature_is_named() -> None:
    section = PAGE.partition("## What kind of letter it is")[2].partition("## Caps")[0]
    for word in [*Kind, *Nature]:
        assert word.value in section
