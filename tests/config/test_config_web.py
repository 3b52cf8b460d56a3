"""Where the pages about a desk's health may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild import desk_directory
from maild.config import ConfigErrors, Endpoint, load


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("", None),
        ('listen = ""', None),
        ('listen = "127.0.0.1:8080"', Endpoint("127.0.0.1", 8080)),
        ('listen = "127.0.0.9:0"', Endpoint("127.0.0.9", 0)),
        ('listen = "[::1]:8080"', Endpoint("::1", 8080)),
        ('listen = "192.0.2.7:8080"\nbeyond_loopback = true', Endpoint("192.0.2.7", 8080)),
        ('listen = "0.0.0.0:8080"\nbeyond_loopback = true', Endpoint("0.0.0.0", 8080)),
    ],
)
def test_places(tmp_path: Path, lines: str, place: Endpoint | None) -> None:
    assert load(written(tmp_path, lines)).web.listen == place


@pytest.mark.parametrize("place", ["192.0.2.7:8080", "0.0.0.0:8080", "[::]:8080", "8080", "localhost:x"])
def test_what_others_reach_must_be_meant(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigErrors) as errors:
        load(written(tmp_path, f'listen = "{place}"'))
    assert "config.toml:" in str(errors.value)
    assert "must be an address" in str(errors.value)


def written(directory: Path, lines: str) -> Path:
    path = desk_directory.make(directory / "desk")
    text = path.read_text().replace("beyond_loopback = false", "#")
    path.write_text(text.replace("\n[web]\n", f"\n[web]\n{lines}\n"))
    return path
