"""Where the shipped templates, rules and example configuration are.

It refuses to know the admin's own copies; those are in the configuration. Asked by
`maild init`, which copies them, and by `app`, which falls back on shipped templates.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent

# A wheel carries the files as package data below maild/defaults; an editable install
# or a bare checkout finds the originals next to the package.
SHIPPED = _PACKAGE / "defaults" if (_PACKAGE / "defaults").is_dir() else _PACKAGE.parent

TEMPLATES = SHIPPED / "templates"
RULES = SHIPPED / "rules"
EXAMPLE_CONFIG = SHIPPED / "config.example.toml"
