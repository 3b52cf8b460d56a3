"""What holds for every test: a missing server is told, and fatal where it must not be missing.

pytest's own options (in pyproject.toml) repeat every skip at the end of the run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRED = os.environ.get("MAILD_TEST_REQUIRE", "") not in ("", "0")
# Debian keeps servers out of an ordinary user's PATH.
_SERVER_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/lib/postfix/sbin"])


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """`missing("PostgreSQL's initdb")`: this test cannot run here.

    It is skipped, or with MAILD_TEST_REQUIRE=1, as in continuous integration, it fails.
    """

    def report(what: str) -> NoReturn:
        if REQUIRED:
            pytest.fail(f"{what} is not here, and MAILD_TEST_REQUIRE=1", pytrace=False)
        pytest.skip(f"NOT TESTED: {what} is not here")

    return report


@pytest.fixture(scope="session")
def program(missing: Callable[[str], NoReturn]) -> Callable[[str], Path]:
    """`program("smtp-source")`: where it is, also in the directories of system daemons; else `missing`."""

    def find(name: str) -> Path:
        found = shutil.which(name, path=_SERVER_PATH)
        return Path(found) if found else missing(f"the program {name}")

    return find
