"""`maild preview`, as it is typed; and what `maild check` says of sets."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from maild import cli
from maild.cli import browser
from maild.cli.exits import Exit
from maild.letters import CATALOGUE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("preview") / "desk"
    assert cli.main(["init", str(directory)]) == Exit.OK
    return directory


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "desk"))


def ran(desk: Path, *words: str) -> int:
    return cli.main([words[0], "-c", str(desk / "config.toml"), *words[1:]])


def test_without_a_name_all_letters_are_listed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "templates" / "bank").mkdir()
    shutil.copy(desk / "templates/response.txt", desk / "templates/bank")
    assert ran(desk, "preview") == Exit.OK
    said = capsys.readouterr().out
    assert set(CATALOGUE) <= set(said.split())
    assert said.endswith("Sets (--set) and languages (--language): bank, de\n")


def test_a_letter_is_shown_in_every_form(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(desk, "preview", "closure", "--language", "de") == Exit.OK
    text = capsys.readouterr().out
    assert text.startswith(f"{desk}/templates/de/closure.txt\n\nSubject: Re: ")
    assert "aus unserer Sicht gelöst" in text
    assert ran(desk, "preview", "closure", "--html") == Exit.OK
    page = capsys.readouterr().out
    assert page.startswith("<!DOCTYPE html>")
    assert "<blockquote" in page
    assert ran(desk, "preview", "closure", "--text") == Exit.OK
    assert "solved" in capsys.readouterr().out


def test_a_letter_for_a_mail_program(desk: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    words = [sys.executable, "-m", "maild", "preview", "-c", str(desk / "config.toml"), "response", "--eml"]
    done = subprocess.run(words, capture_output=True, check=True)
    assert done.stdout.startswith(b"Subject: Re: Online banking is down")
    assert b"multipart/alternative" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("preview", "respons"), "there is no letter called 'respons' (did you mean response?)"),
        (("preview", "response", "--set", "bnak"), "there is no set called 'bnak'; there are: de"),
    ],
)
def test_what_is_not_there_is_said(
    desk: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert ran(desk, *words) == Exit.USAGE
    assert says in capsys.readouterr().err


def test_without_a_browser_there_is_no_picture(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert ran(desk, "preview", "response", "--png", str(tmp_path / "x.png")) == Exit.UNAVAILABLE
    assert "there is no browser on this machine" in capsys.readouterr().err


@pytest.mark.parametrize("program", browser.BROWSERS)
def test_a_browser_draws_it(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """A stand-in that draws what it is shown: every browser is told where the page is and where the picture goes."""
    own = tmp_path / "bin"
    own.mkdir()
    script = own / program
    script.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
        "at = [word.removeprefix('--screenshot=') for word in sys.argv if word.endswith('.png')][0]\n"
        "page = [word.removeprefix('file://') for word in sys.argv if word.endswith('.html')][0]\n"
        "Path(at).write_text('drawn ' + Path(page).read_text())\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(own))
    target = tmp_path / "letter.png"
    assert ran(desk, "preview", "response", "--png", str(target)) == Exit.OK
    assert target.read_text().startswith("drawn <!DOCTYPE html>")


def test_a_picture_that_cannot_be_written_is_said(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "bin"
    own.mkdir()
    (own / "chromium").write_text("#!/bin/sh\nexit 1\n")
    (own / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", f"{own}:/bin:/usr/bin")
    assert ran(desk, "preview", "response", "--png", str(tmp_path / "x.png")) == Exit.UNAVAILABLE
    assert "made no picture" in capsys.readouterr().err


REAL = next((name for name in browser.BROWSERS if shutil.which(name)), "")


@pytest.mark.skipif(not REAL, reason="no browser on this machine")
def test_a_real_browser_draws_a_picture(desk: Path, tmp_path: Path) -> None:
    target = tmp_path / "letter.png"
    assert ran(desk, "preview", "response", "--png", str(target)) == Exit.OK
    assert target.read_bytes().startswith(b"\x89PNG")
    assert target.stat().st_size > 5_000


def test_check_names_a_set_that_is_not_there(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = desk / "config.toml"
    text = config.read_text().replace("[team.support]\n", '[team.support]\ntemplates = "bnak"\n')
    config.write_text(text)
    (desk / "templates" / "bank").mkdir()
    line = text[: text.index('templates = "bnak"')].count("\n") + 1
    assert ran(desk, "check") == Exit.CONFIG
    assert f'{config}:{line}: team.support.templates: unknown template set "bnak"' in capsys.readouterr().err
    config.write_text(text.replace("bnak", "bank"))
    assert ran(desk, "check") == Exit.OK


def test_check_tries_the_letters_of_every_set(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "templates" / "bank").mkdir()
    wrong = desk / "templates" / "bank" / "response.txt"
    wrong.write_text("Subject: x\n\n{{ entry.txt }}\n")
    assert ran(desk, "check") == Exit.CONFIG
    assert f"{wrong}:3: there is no “entry.txt” (did you mean “text”?)" in capsys.readouterr().err


def test_check_names_a_language_we_do_not_speak(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = desk / "config.toml"
    text = config.read_text().replace(
        '[[address]]\naddress = "access@', '[[address]]\nlanguage = "fr"\naddress = "access@'
    )
    config.write_text(text)
    assert ran(desk, "check") == Exit.CONFIG
    assert "language: must be 'en' or 'de'" in capsys.readouterr().err
