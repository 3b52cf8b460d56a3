"""What can be typed: verbs, arguments, and help that teaches by example."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from maild import __version__
from maild.cli import queues, reading, setup, tickets
from maild.cli.exits import Exit

Verb = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """argparse exits with 2; sysexits.h calls a usage error 64."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")


class _Verbs:
    """Adds verbs that all look alike: -c, a sentence, examples."""

    def __init__(self, root: Parser) -> None:
        self._verbs = root.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def add(
        self, name: str, verb: Verb, what: str, examples: str, *, config: bool = True, as_json: bool = False
    ) -> argparse.ArgumentParser:
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


def build() -> Parser:
    """The whole command line."""
    root = Parser(
        prog="maild",
        description="A help desk that lives in the mail its people already use.",
        epilog="`maild COMMAND --help` explains a command by example.",
    )
    root.add_argument("--version", action="version", version=f"maild {__version__}")
    verbs = _Verbs(root)
    _setup_verbs(verbs)
    _letter_verbs(verbs)
    _ticket_verbs(verbs)
    _queue_verbs(verbs)
    return root


def _setup_verbs(verbs: _Verbs) -> None:
    init = verbs.add(
        "init",
        setup.init,
        "make a directory with a configuration, rules, templates, a secret and an empty desk",
        "maild init /srv/desk        then edit /srv/desk/config.toml\nmaild run -c /srv/desk/config.toml",
        config=False,
    )
    init.add_argument("directory", metavar="DIR")
    verbs.add(
        "check",
        setup.check,
        "say every error of configuration, rules and templates at once",
        "maild check\nmaild check -c /srv/desk/config.toml && systemctl reload maild",
        as_json=True,
    )
    verbs.add(
        "migrate",
        setup.migrate,
        "make the tables, or bring them up to date; safe to repeat",
        "systemctl stop maild && maild migrate && systemctl start maild",
    )
    run = verbs.add(
        "run",
        setup.run,
        "run the daemon in the foreground until SIGTERM; SIGHUP reads rules and templates again",
        "maild run\nmaild run -c /srv/desk/config.toml --verbose",
    )
    run.add_argument("-v", "--verbose", action="store_true", help="one log line for every step of every letter")
    demo = verbs.add(
        "demo",
        setup.demo,
        "play two whole tickets over real SMTP in a throw-away directory",
        "maild demo\nmaild demo --story escalation --letters",
        config=False,
    )
    demo.add_argument("--story", choices=("outage", "escalation", "both"), default="both")
    demo.add_argument("--letters", action="store_true", help="print every letter in full")


def _letter_verbs(verbs: _Verbs) -> None:
    read = verbs.add(
        "read",
        reading.read,
        "show how maild understands a letter: who, what, which words are new, what is attached",
        "maild read letter.eml\n"
        "maild read - --json < letter.eml\n"
        'maild read --persistent      one JSON line {"id", "eml_b64", "context"} per letter in, one out',
        config=False,
        as_json=True,
    )
    read.add_argument("file", metavar="FILE", nargs="?", default="-", help="a letter as a file; - is standard input")
    read.add_argument("--persistent", action="store_true", help="read many letters, one JSON line each")
    explain = verbs.add(
        "explain",
        reading.explain,
        "show what would become of a letter, and why, without doing it",
        "maild explain letter.eml --to support@bank.example\nmaild explain letter.eml --json",
        as_json=True,
    )
    explain.add_argument("file", metavar="FILE", help="a letter as a file; - is standard input")
    explain.add_argument("--to", action="append", metavar="ADDRESS", help="the address of ours it is sent to")
    explain.add_argument("--sender", default="", metavar="ADDRESS", help="the envelope sender")
    pipe = verbs.add(
        "pipe",
        reading.pipe,
        "take one letter on standard input, as an MTA's |command; exit 75 means: keep it and try again",
        "maild pipe -c /srv/desk/config.toml support@bank.example < letter.eml\n"
        '"|/usr/bin/maild pipe -c /srv/desk/config.toml support@bank.example"     in ~/.forward',
    )
    pipe.add_argument("recipient", nargs="*", metavar="ADDRESS", help="default: $ORIGINAL_RECIPIENT or $RECIPIENT")
    pipe.add_argument("--sender", default=None, metavar="ADDRESS", help="default: $SENDER")


def _ticket_verbs(verbs: _Verbs) -> None:
    listing = verbs.add(
        "tickets",
        tickets.tickets,
        "list tickets, newest first",
        "maild tickets\nmaild tickets --status open --team online-banking --json",
        as_json=True,
    )
    listing.add_argument("--status", action="append", metavar="STATUS", help="may be repeated")
    listing.add_argument("--team", metavar="KEY")
    listing.add_argument("--agent", metavar="KEY")
    listing.add_argument("--limit", type=int, default=50, metavar="N")
    show = verbs.add(
        "show",
        tickets.show,
        "show a ticket: its state, its clocks and everything that was said and done",
        "maild show 1042\nmaild show 1042 --json",
        as_json=True,
    )
    show.add_argument("number", type=int, metavar="N")
    do = verbs.add(
        "do",
        tickets.do,
        "say something as an agent, exactly as in a mail: commands, a note, an answer",
        'maild do 1042 "#take" --as jane\n'
        'maild do 1042 "#team online banking" --as john\n'
        "maild do 1042 $'We are on it.\\n#waiting' --as jane",
        as_json=True,
    )
    do.add_argument("number", type=int, metavar="N")
    do.add_argument("text", metavar="TEXT", help='"#command value", or words for the requester')
    do.add_argument("--as", dest="agent", required=True, metavar="AGENT", help="key of the agent who speaks")


def _queue_verbs(verbs: _Verbs) -> None:
    queue = verbs.add(
        "queue",
        queues.queue,
        "list outgoing letters that have not left, with the reason",
        "maild queue\nmaild queue --all --json",
        as_json=True,
    )
    queue.add_argument("--all", action="store_true", help="those that have left and those given up, too")
    queue.add_argument("--limit", type=int, default=50, metavar="N")
    ledger = verbs.add(
        "ledger",
        queues.ledger,
        "account for every letter received: its fate and why; the sums must meet",
        "maild ledger\nmaild ledger --fate quarantined\nmaild ledger --sums --json\n"
        "maild ledger 318                      all that is known of one letter\n"
        "maild ledger 318 --raw > letter.eml",
        as_json=True,
    )
    ledger.add_argument("id", type=int, nargs="?", metavar="ID", help="one letter in full: why, trace, error")
    ledger.add_argument("--raw", action="store_true", help="write the bytes of letter ID as they came")
    ledger.add_argument("--fate", metavar="FATE", help="only letters with this fate, or `waiting`")
    ledger.add_argument("--sums", action="store_true", help="only how many letters have which fate")
    ledger.add_argument("--limit", type=int, default=50, metavar="N")
    requeue = verbs.add(
        "requeue",
        queues.requeue,
        "work a letter of the ledger again, after what stopped it has been mended",
        "maild requeue 318\nmaild ledger --fate quarantined",
    )
    requeue.add_argument("id", type=int, metavar="ID", help="as shown by `maild ledger`")
    release = verbs.add(
        "release",
        queues.release,
        "work a letter that was held back, believing its sender: you know better",
        "maild ledger --fate quarantined\nmaild ledger 318\nmaild release 318",
    )
    release.add_argument("id", type=int, metavar="ID", help="as shown by `maild ledger`")
    verbs.add(
        "tick",
        queues.tick,
        "do once what the clock would do: work waiting letters, breaches, closings",
        "* * * * *  maild tick && maild deliver      from cron, without a daemon",
    )
    verbs.add(
        "deliver",
        queues.deliver,
        "try once to send the outgoing letters that are due",
        "maild deliver",
    )
