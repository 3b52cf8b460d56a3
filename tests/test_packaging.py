"""What a release contains: built for real, unpacked, and asked where its files are.

The source is copied first, with some litter, so that nothing is left in the checkout and nothing
that lies around there is shipped. Building needs no network: the backend is among the dev
dependencies.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from maild import __version__

ROOT = Path(__file__).parent.parent
SHIPPED = (
    "config.example.toml",
    "templates/*.txt",
    "templates/*/*.txt",
    "templates/*.html",
    "rules/*.toml",
)  # what admins start from
LITTER = ("var/desk/secret.key", "stray.eml", "maild/core/notes.txt", "build/lib/maild/old.py", "templates/old.txt~")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the project that matter for building, and litter among them."""
    place = tmp_path_factory.mktemp("checkout") / "maild"
    place.mkdir()
    for name in ("maild", "templates", "rules", "tests", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, place)
    for name in LITTER:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("litter\n")
    return place


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist, and the wheel built from that sdist as an index would get it."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(checkout)],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [path] = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel_files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist_files(built: Path) -> set[str]:
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames() if archive.getmember(name).isfile()}


def shipped() -> set[str]:
    found = {str(path.relative_to(ROOT)) for pattern in SHIPPED for path in ROOT.glob(pattern) if path.is_file()}
    return {name for name in found if not Path(name).name.startswith(".")}


def program() -> set[str]:
    """Every file of the package itself: code, and what migrations need."""
    files = (path for path in (ROOT / "maild").rglob("*") if path.suffix in {".py", ".mako", ".ini", ".typed"})
    return {str(path.relative_to(ROOT)) for path in files}


def test_the_wheel_is_the_program_and_its_defaults_and_nothing_else(wheel_files: set[str]) -> None:
    info = f"maild-{__version__}.dist-info/"
    inside = {name for name in wheel_files if not name.startswith(info)}
    assert inside == program() | {f"maild/defaults/{name}" for name in shipped()}


def test_there_is_something_to_ship(wheel_files: set[str]) -> None:
    assert "maild/defaults/config.example.toml" in wheel_files
    assert any(re.fullmatch(r"maild/defaults/templates/\w[\w.-]+\.txt", name) for name in wheel_files)
    assert any(re.fullmatch(r"maild/defaults/rules/\w[\w.-]+\.toml", name) for name in wheel_files)
    assert any(re.fullmatch(r"maild/store/migrations/versions/\w+\.py", name) for name in wheel_files)


def test_the_sdist_can_build_and_carries_no_litter(sdist_files: set[str]) -> None:
    assert {"pyproject.toml", "README.md", "LICENSE"} <= sdist_files
    assert program() | shipped() <= sdist_files
    rest = sdist_files - program() - shipped()
    made = {"PKG-INFO", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"}
    # setuptools adds the tests that lie directly in tests/, whoever wants them or not.
    assert not {name for name in rest - made if not re.match(r"maild\.egg-info/|tests/test\w*\.py$", name)}


def test_every_package_of_the_tree_is_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "maild").rglob("*.py")}
    assert listed == {".".join(folder.parts) for folder in folders} | {"maild.defaults"}


def test_no_module_lies_at_the_top() -> None:
    """It would be shipped as a module of maild.defaults."""
    assert not list(ROOT.glob("*.py"))


def paths_seen_by(search_path: Path, elsewhere: Path) -> list[Path]:
    """Where that copy of maild finds templates, rules and the example, run in a neutral directory."""
    code = "from maild import paths; print(paths.TEMPLATES, paths.RULES, paths.EXAMPLE_CONFIG, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(search_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(line) for line in done.stdout.splitlines()]


def test_an_installed_wheel_finds_its_defaults(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    templates, rules, example = paths_seen_by(site, tmp_path)
    assert (templates, rules) == (site / "maild/defaults/templates", site / "maild/defaults/rules")
    assert list(templates.glob("*.txt"))
    assert list(rules.glob("*.toml"))
    assert example.read_text(encoding="utf-8") == (ROOT / "config.example.toml").read_text(encoding="utf-8")


def test_a_bare_checkout_finds_its_defaults(checkout: Path, tmp_path: Path) -> None:
    templates, rules, example = paths_seen_by(checkout, tmp_path)
    assert (templates, rules) == (checkout / "templates", checkout / "rules")
    assert example == checkout / "config.example.toml"
    assert example.is_file()


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"maild-{__version__}.dist-info/METADATA").decode()
        entry_points = archive.read(f"maild-{__version__}.dist-info/entry_points.txt").decode()
    assert f"Version: {__version__}\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    assert "License-Expression: MIT\n" in metadata
    assert "maild = maild.cli:main" in entry_points


def test_constraints_pin_everything_exactly_and_name_no_index() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    pinned = {pin.partition("==")[0].lower().replace("_", "-") for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], "psycopg", "psycopg-binary"]
    assert {re.split(r"[^\w-]", requirement)[0] for requirement in wanted} <= pinned


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="pins are a promise about the project's own environment")
def test_this_environment_is_the_pinned_one() -> None:
    """What the tests run with is what constraints.txt names, so a figure or a failure is repeatable."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "list", "--format=freeze", "--exclude-editable"],
        capture_output=True,
        text=True,
        check=True,
    )
    installed = {line.lower() for line in done.stdout.split() if not line.startswith(("pip==", "wheel=="))}
    pinned = {line.lower() for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    assert not installed - pinned - {f"maild=={__version__}"}
