"""What can be typed: verbs, arguments, and help that teaches by example."""

from __future__ import annotations

from maild import __version__
from maild.cli.verbs import Late, Parser, Verbs

doctor, explaining, importing, keys, letters, passwd = map(
    Late, "doctor explaining importing keys letters passwd".split()
)
piping, queues, reading, rules, senders, setup, suppressed, tickets = map(
    Late, "piping queues reading rules senders setup suppressed tickets".split()
)


def build() -> Parser:
    """The whole command line."""
    root = Parser(
        prog="maild",
        description="A help desk that lives in the mail its people already use.",
        epilog="`maild COMMAND --help` explains a command by example.",
    )
    root.add_argument("--version", action="version", version=f"maild {__version__}")
    verbs = Verbs(root)
    _setup_verbs(verbs)
    _letter_verbs(verbs)
    _ticket_verbs(verbs)
    _queue_verbs(verbs)
    _sender_verbs(verbs)
    _clock_verbs(verbs)
    _key_verbs(verbs)
    return root


def _setup_verbs(verbs: Verbs) -> None:
    init = verbs.add(
        "init",
        setup.init,
        "make a directory with a configuration, rules, templates, a secret and an empty desk",
        "maild init /srv/desk        then edit /srv/desk/config.toml\nmaild run -c /srv/desk/config.toml",
        config=False,
    )
    init.add_argument("directory", metavar="DIR", help="where; made if it is missing")
    verbs.add(
        "check",
        setup.check,
        "say every error of configuration, rules and templates at once",
        "maild check\nmaild check -c /srv/desk/config.toml --json",
        as_json=True,
    )
    _doctor_verb(verbs)
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
    again = verbs.add(
        "reload",
        setup.reload,
        "check, then have the running daemon read people, rules and templates again, and say how that ended",
        "maild reload\nmaild reload -c /srv/desk/config.toml --wait 60",
    )
    again.add_argument("--wait", type=float, default=20.0, metavar="SECONDS", help="for its answer (default: 20)")
    demo = verbs.add(
        "demo",
        setup.demo,
        "play two whole tickets over real SMTP in a throw-away directory",
        "maild demo\nmaild demo --story escalation --letters",
        config=False,
    )
    demo.add_argument("--story", choices=("outage", "escalation", "both"), default="both")
    demo.add_argument("--letters", action="store_true", help="print every letter in full")


def _doctor_verb(verbs: Verbs) -> None:
    look = verbs.add(
        "doctor",
        doctor.doctor,
        "look at everything a desk needs, and say what is wrong and what to do; 1 if anything is",
        "maild doctor\n"
        "maild doctor --send                    and a letter to ourselves, there and back\n"
        "maild doctor --send --wait 120\n"
        "maild doctor --json",
        as_json=True,
    )
    look.add_argument("--send", action="store_true", help="have a letter to our first address leave and come home")
    look.add_argument("--wait", type=float, default=60.0, metavar="SECONDS", help="for that letter (default: 60)")


def _letter_verbs(verbs: Verbs) -> None:
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
        explaining.explain,
        "show what would become of a letter, and why, without doing it",
        "maild explain letter.eml --to support@bank.example\n"
        "maild explain letter.eml --letters             what would be sent, in full\n"
        "maild explain --mail 318 --json                a letter of the ledger",
        as_json=True,
    )
    explain.add_argument("file", metavar="FILE", nargs="?", help="a letter as a file; - is standard input")
    explain.add_argument("--mail", type=int, metavar="ID", help="instead of a file: this letter of the ledger")
    explain.add_argument("--letters", action="store_true", help="show every letter that would go out in full")
    explain.add_argument("--to", action="append", metavar="ADDRESS", help="the address of ours it is sent to")
    explain.add_argument("--sender", default="", metavar="ADDRESS", help="the envelope sender")
    _rules_verb(verbs)
    _preview_verb(verbs)
    pipe = verbs.add(
        "pipe",
        piping.pipe,
        "take one letter on standard input, as an MTA's |command; exit 75 means: keep it and try again",
        "maild pipe -c /srv/desk/config.toml support@bank.example < letter.eml\n"
        '"|/usr/bin/maild pipe -c /srv/desk/config.toml support@bank.example"     in ~/.forward',
    )
    pipe.add_argument("recipient", nargs="*", metavar="ADDRESS", help="default: $ORIGINAL_RECIPIENT or $RECIPIENT")
    pipe.add_argument("--sender", default=None, metavar="ADDRESS", help="default: $SENDER")
    pipe.add_argument("--emergency", metavar="DIR", help="where letters are kept while there is no database")
    bring = verbs.add(
        "import",
        importing.import_letters,
        "make tickets of letters of the past (mbox, Maildir, .eml files); nobody is answered or told",
        "maild import /var/mail/support\n"
        "maild import ~/Maildir --address support@bank.example\n"
        "maild import old/inbox.mbox old/sent.mbox      answers find their questions across files",
        as_json=True,
    )
    bring.add_argument("path", metavar="PATH", nargs="+", help="an mbox, a Maildir, a letter, or a directory of them")
    bring.add_argument(
        "--address", metavar="ADDRESS", help="ours for letters that name none of ours (default: the first)"
    )


def _rules_verb(verbs: Verbs) -> None:
    about = verbs.add(
        "rules",
        rules.rules,
        "list the rules; try changed ones on letters of the past; count what each has hit",
        "maild rules\n"
        "maild rules try --since 30d                    rules as they are on disk, against what was recorded\n"
        "maild rules try --rules ./new-rules --limit 1000 --examples 5\n"
        "maild rules stats --json",
        as_json=True,
    )
    actions = ("list", "try", "stats")
    about.add_argument("action", metavar="ACTION", nargs="?", default="list", choices=actions, help=", ".join(actions))
    about.add_argument("--since", metavar="TIME", help="only letters of the last 30d, 12h, …")
    about.add_argument("--rules", metavar="DIR", help="changed rules, compared with those of the configuration")
    about.add_argument("--limit", type=int, metavar="N", help="the latest N letters at most")
    about.add_argument("--examples", type=int, metavar="N", help="of each difference (default: 3)")


def _preview_verb(verbs: Verbs) -> None:
    preview = verbs.add(
        "preview",
        letters.preview,
        "show a letter written with samples, as text, page or picture; without a name list all letters",
        "maild preview\n"
        "maild preview response\n"
        "maild preview closure --language de\n"
        "maild preview response --set online-banking --png response.png\n"
        "maild preview new-ticket --html > new-ticket.html\n"
        "maild preview acknowledgement --eml > acknowledgement.eml",
    )
    preview.add_argument("template", metavar="TEMPLATE", nargs="?", default="", help="a letter's name: response")
    preview.add_argument("--set", default="", metavar="SET", help="with the templates of this set, as a team has it")
    preview.add_argument(
        "--language", default="", choices=("en", "de"), help="in this language, as an address has it (default: en)"
    )
    form = preview.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="subject and text (the default)")
    form.add_argument("--html", action="store_true", help="the page that most mail programs show")
    form.add_argument("--eml", action="store_true", help="a letter that a mail program opens")
    form.add_argument("--png", default="", metavar="FILE", help="a picture of the page, by a browser of this machine")


def _ticket_verbs(verbs: Verbs) -> None:
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
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="the newest N (default: 50)")
    show = verbs.add(
        "show",
        tickets.show,
        "show a ticket: its state, its clocks and everything that was said and done",
        "maild show 1042\nmaild show 1042 --json\nmaild show 1042 --why              how it came to be as it is",
        as_json=True,
    )
    show.add_argument("number", type=int, metavar="N", help="number of the ticket")
    show.add_argument("--why", action="store_true", help="only from what was recorded: evidence, rules, who was told")
    do = verbs.add(
        "do",
        tickets.do,
        "say something as an agent, exactly as in a mail: commands, a note, an answer",
        'maild do 1042 "#take" --as jane\n'
        'maild do 1042 "#team online banking" --as john\n'
        "maild do 1042 $'We are on it.\\n#waiting' --as jane",
        as_json=True,
    )
    do.add_argument("number", type=int, metavar="N", help="number of the ticket")
    do.add_argument("text", metavar="TEXT", help='"#command value", or words for the requester')
    do.add_argument("--as", dest="agent", required=True, metavar="AGENT", help="key of the agent who speaks")


def _queue_verbs(verbs: Verbs) -> None:
    queue = verbs.add(
        "queue",
        queues.queue,
        "list outgoing letters that have not left, with the reason",
        "maild queue\nmaild queue --all --json",
        as_json=True,
    )
    queue.add_argument("--all", action="store_true", help="those that have left and those given up, too")
    queue.add_argument("--limit", type=int, default=50, metavar="N", help="so many (default: 50)")
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
    ledger.add_argument("--limit", type=int, default=50, metavar="N", help="the newest N (default: 50)")
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


def _sender_verbs(verbs: Verbs) -> None:
    held = verbs.add(
        "quarantine",
        senders.quarantine,
        "list the letters held back: from whom, about what, why",
        "maild quarantine\nmaild quarantine --json",
        as_json=True,
    )
    held.add_argument("--limit", type=int, default=100, metavar="N", help="the latest N (default: 100)")
    ban = verbs.add(
        "ban",
        senders.ban,
        "refuse letters of a sender from now on",
        'maild ban pest@bad.example\nmaild ban "*@spam.example" "*.bad.example"\n'
        "maild ban 318                         the sender of letter 318",
    )
    accept = verbs.add(
        "accept",
        senders.accept,
        "never refuse a sender again, nor hold their letters for spam or take them for a flood",
        "maild accept karen@customer.example\n"
        "maild accept 318                      the sender of letter 318, which is worked now",
    )
    for verb in (ban, accept):
        verb.add_argument("who", metavar="WHO|ID", nargs="+", help='"x@y", "*@y", "*.y", or a letter of the ledger')
    said = verbs.add(
        "senders",
        senders.standing,
        "list the senders of whom something was said with `ban` or `accept`, at the shell or by mail",
        'maild senders\nmaild senders --json\nmaild senders --forget "*@spam.example"',
        as_json=True,
    )
    said.add_argument("--forget", metavar="WHO", help="take back what was said")
    dead = verbs.add(
        "suppressed",
        suppressed.suppressed,
        "list the addresses that get no automatic letters: dead ones, and those that called a letter spam",
        "maild suppressed\nmaild suppressed --json\nmaild suppressed --release karen@customer.example",
        as_json=True,
    )
    dead.add_argument("--release", metavar="ADDRESS", help="have automatic letters go there again")


def _clock_verbs(verbs: Verbs) -> None:
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


def _key_verbs(verbs: Verbs) -> None:
    word = verbs.add(
        "passwd",
        passwd.passwd,
        "give an agent a password for handing in letters over the submission port",
        "maild passwd john\n"
        "pwgen 20 1 | maild passwd john --stdin\n"
        "maild passwd john --remove             john can log in no more",
    )
    word.add_argument("agent", metavar="AGENT", help="key of the agent")
    word.add_argument("--stdin", action="store_true", help="read the password from standard input, one line")
    word.add_argument("--remove", action="store_true", help="take the agent's password away")
    token = verbs.add(
        "token",
        keys.token,
        "show the tokens of a ticket, or what a reply address, a Message-ID or a subject says",
        "maild token 1042\nmaild token support+cfqqe7…@bank.example\nmaild token 'Re: [BANK-1042-K7QD] Printer' --json",
        as_json=True,
    )
    token.add_argument("what", metavar="N|TEXT", help="the number of a ticket, or a text to be decoded")
    ring = verbs.add(
        "keys",
        keys.keys,
        "list the keys that letters are signed with; make a new one, drop one, revoke what somebody was given",
        "maild keys\n"
        "maild keys rotate && maild reload\n"
        "maild keys revoke john                 an agent whose reply address leaked\n"
        "maild keys revoke karen@example.net\n"
        "maild keys drop 0 --yes                letters signed with key 0 become strangers",
        as_json=True,
    )
    actions = ("rotate", "revoke", "drop")
    ring.add_argument("action", metavar="ACTION", nargs="?", choices=actions, help="rotate, revoke or drop; else: list")
    ring.add_argument("what", metavar="WHAT", nargs="?", help="for revoke an agent's key or an address, for drop a key")
    ring.add_argument("--yes", action="store_true", help="really drop the key")
