"""Making a desk's working directory: configuration, rules, templates, secret, tables.

`maild init` and the demo use it. It refuses to touch anything that is already there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from maild import paths
from maild.config import load, new_secret_file
from maild.store import migrate


def make(directory: Path) -> Path:
    """Make a desk in `directory` and answer with the path of its configuration.

    Raises FileExistsError when a configuration is already there, OSError when the directory
    cannot be written.
    """
    target = directory / "config.toml"
    if target.exists():
        raise FileExistsError(17, "exists; nothing was changed", str(target))
    directory.mkdir(parents=True, exist_ok=True)
    for shipped, name in ((paths.TEMPLATES, "templates"), (paths.RULES, "rules")):
        shutil.copytree(shipped, directory / name, dirs_exist_ok=True)
    secret = directory / "secret.key"
    if not secret.exists():  # an older desk's secret keeps its tokens valid
        new_secret_file(secret)
    shutil.copyfile(paths.EXAMPLE_CONFIG, target)
    config = load(target)
    Path(config.desk.data).mkdir(mode=0o700, parents=True, exist_ok=True)  # all mail is in there
    migrate(config.store.url)
    return target
