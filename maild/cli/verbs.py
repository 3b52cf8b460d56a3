"""How a verb is typed: what all of them have in common, and the module that is loaded when one is called.

It refuses to know which verbs there are. `parser` calls it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn

from maild.cli.exits import Exit

Verb = Callable[[argparse.Namespace], int]


class Late:
    """The verbs of a module, which is loaded when one of them is called: a mail system waits for `maild pipe`."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Verb:
        return lambda args: int(getattr(import_module(f"maild.cli.{self._module}"), name)(args))


class Parser(argparse.ArgumentParser):
    """argparse exits with 2; sysexits.h calls a usage error 64."""

    def error(self, message: str) -> NoReturn:
        """Say how it is used, and leave with 64."""
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")


class Verbs:
    """Adds verbs that all look alike: -c, a sentence, examples."""

    def __init__(self, root: Parser) -> None:
        self._verbs = root.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def add(
        self, name: str, verb: Verb, what: str, examples: str, *, config: bool = True, as_json: bool = False
    ) -> argparse.ArgumentParser:
        """A verb, and the parser for what it alone takes. `examples`: lines, as they are typed."""
        parser = self._verbs.add_parser(
            name,
            help=what,
            description=what[0].upper() + what[1:] + ".",
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.set_defaults(verb=verb, name=name)
        if config:
            parser.add_argument(
                "-c",
                "--config",
                default="./config.toml",
                metavar="FILE",
                help="the configuration (default: %(default)s)",
            )
        if as_json:
            parser.add_argument("--json", action="store_true", help="answer in JSON, for programs")
        return parser
