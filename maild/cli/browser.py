"""Pictures of pages, taken by whatever browser is on this machine.

It refuses to know what is on the page. Pages are ours and load nothing; the browser has a home of its own
that is gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

WIDTH = 760  # pixels, as wide as mail programs show letters
PATIENCE = 60  # seconds
Command = Callable[[str, Path, Path, Path, int], Sequence[str]]


def _chromium(program: str, page: Path, picture: Path, home: Path, height: int) -> Sequence[str]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root with one
    quiet = ["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", f"--user-data-dir={home}"]
    return [program, *quiet, *sandbox, f"--window-size={WIDTH},{height}", f"--screenshot={picture}", page.as_uri()]


def _firefox(program: str, page: Path, picture: Path, home: Path, height: int) -> Sequence[str]:
    size = f"--window-size={WIDTH},{height}"
    return [program, "--headless", "--profile", str(home), size, "--screenshot", str(picture), page.as_uri()]


def _wkhtmltoimage(program: str, page: Path, picture: Path, home: Path, height: int) -> Sequence[str]:
    return [program, "--quiet", "--width", str(WIDTH), "--disable-javascript", str(page), str(picture)]


_CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSERS: dict[str, Command] = {
    **dict.fromkeys(_CHROMES, _chromium),
    "firefox": _firefox,
    "firefox-esr": _firefox,
    "wkhtmltoimage": _wkhtmltoimage,
}


class NoBrowser(Exception):
    """There is none on this machine, or it made no picture; the text says which."""


def picture(html: str, target: Path, height: int) -> None:
    """Write the page as PNG. NoBrowser where that cannot be done, OSError where `target` cannot be written."""
    found = next(((path, make) for name, make in BROWSERS.items() if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser(f"there is no browser on this machine to draw it (looked for {', '.join(BROWSERS)})")
    program, make = found
    with tempfile.TemporaryDirectory(prefix="maild-preview-") as directory:
        home = Path(directory)
        page, drawn = home / "letter.html", home / "letter.png"
        page.write_text(html, encoding="utf-8")
        (home / "profile").mkdir()
        command = make(program, page, drawn, home / "profile", height)
        try:
            subprocess.run(  # noqa: S603 - a browser by its name in PATH, and paths of ours
                command, capture_output=True, timeout=PATIENCE, check=False, env={**os.environ, "HOME": directory}
            )
        except subprocess.TimeoutExpired:
            raise NoBrowser(f"{program} made no picture in {PATIENCE} seconds") from None
        if not drawn.is_file():
            raise NoBrowser(f"{program} made no picture; --html shows the page")
        shutil.copyfile(drawn, target)
