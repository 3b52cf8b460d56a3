"""Secrets: the keys tokens are signed with, the relays' passwords, the key of our signatures.

They are never part of the Config, so that nothing prints them. It refuses to make
keys while loading: a desk that starts with new keys would disown its own letters.
`resolving` reads keys, `maild init` makes them; `app` and `checking` ask for the others.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from maild.config.loading import Config
from maild.config.problems import ConfigErrors, Problem, dotted
from maild.config.toml_lines import Place
from maild.core.policy import Keys
from maild.dkim import BadKey, Signer, signer

KEY_BYTES = 32
IDS = 16  # a token has four bits for the id of its key
PASSWORD_VARIABLE = "MAILD_OUTBOUND_PASSWORD"  # noqa: S105 - the name of the variable, not a password
MAILBOX_VARIABLE = "MAILD_IMAP_PASSWORD"  # of every mailbox that names no file


def new_secret_file(path: Path) -> None:
    """Make a file with one fresh key, readable by its owner only. FileExistsError if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("# Signs the tokens of this desk. Keep it, keep it secret; without it old letters are strangers.\n")
        file.write(f"0 {secrets.token_hex(KEY_BYTES)}\n")
        file.flush()
        os.fsync(file.fileno())


def read_keys(path: Path) -> Keys:
    """The keys of a secret file: lines `ID HEX`, the last one current. ConfigErrors if there is anything else."""
    text = _private_text(path, "maild init makes one")
    keys: dict[int, bytes] = {}
    current = -1
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            current, secret = _key(line)
            if current in keys:
                raise ValueError(f"key {current} is here already")
            keys[current] = secret
        except ValueError as error:
            problems.append(Problem(str(path), number, "", str(error)))
    if not keys and not problems:
        problems.append(Problem(str(path), 0, "", "no key in it; `maild init` makes one"))
    if problems:
        raise ConfigErrors(problems)
    return Keys(current=current, secrets=keys)


def _key(line: str) -> tuple[int, bytes]:
    words = line.split()
    if len(words) != 2 or not words[0].isdecimal() or int(words[0]) >= IDS:
        raise ValueError(f"must be a number from 0 to {IDS - 1} and the key in hexadecimal")
    try:
        secret = bytes.fromhex(words[1])
    except ValueError:
        raise ValueError("the key is not hexadecimal") from None
    if len(secret) < KEY_BYTES:
        raise ValueError(f"the key is shorter than {KEY_BYTES} bytes ({2 * KEY_BYTES} hexadecimal digits)")
    return int(words[0]), secret


def outbound_password(config: Config, environment: Mapping[str, str], place: int = 0) -> str:
    """The password of the relay at this place, from its file, else from MAILD_OUTBOUND_PASSWORD; "" where it wants
    no login.

    ConfigErrors says what is wrong with the file, or that the user of the relay's URL has no password at all.
    """
    user, files = config.outbound.relays[place].user, config.outbound.password_file
    if not user:
        return ""
    if files is None:
        password = environment.get(PASSWORD_VARIABLE, "")
        if not password:
            said = f'"{user}" has no password: name its file in password_file, or set {PASSWORD_VARIABLE}'
            line = config.document.line_of(("outbound", "url"))
            raise ConfigErrors([Problem(str(config.path), line, "outbound.url", said)])
        return password
    file = files[place if len(files) > 1 else 0]
    return one_line(file, "password")


def mailbox_password(config: Config, number: int, environment: Mapping[str, str]) -> str:
    """The password of the mailbox imap[number]: from its file, else from MAILD_IMAP_PASSWORD. ConfigErrors as above."""
    box = config.imap[number]
    if box.password_file is not None:
        return one_line(box.password_file, "password")
    password = environment.get(MAILBOX_VARIABLE, "")
    if not password:
        place: Place = ("imap", number, "user")
        said = f'"{box.user}" has no password: name its file in password_file, or set {MAILBOX_VARIABLE}'
        raise ConfigErrors([Problem(str(config.path), config.document.line_of(place), dotted(place), said)])
    return password


def mailbox_secrets(config: Config, environment: Mapping[str, str]) -> Iterator[Callable[[], object]]:
    """What reads each secret of each mailbox, and raises ConfigErrors as above."""
    for number, box in enumerate(config.imap):
        if box.auth == "password":
            yield partial(mailbox_password, config, number, environment)
        for file, what in ((box.client_secret_file, "client secret"), (box.refresh_token_file, "refresh token")):
            if file is not None:
                yield partial(one_line, file, what)


def one_line(file: Path, what: str) -> str:
    """The secret that a file holds in its one line; ConfigErrors says what is wrong with the file."""
    secret = _private_text(file, f"write the {what} into it, and nothing else").strip("\r\n")
    if not secret or "\n" in secret:
        raise ConfigErrors([Problem(str(file), 0, "", f"must hold the {what} in one line")])
    return secret


def dkim_signer(config: Config) -> Signer | None:
    """What signs letters as [dkim] says; None where nothing does. ConfigErrors where its key cannot be used."""
    file = config.dkim.key_file
    if file is None:
        return None
    pem = _private_text(file, "make a key and publish its other half in the DNS: docs/admins.md").encode()
    try:
        return signer(config.dkim.domain, config.dkim.selector, pem)
    except BadKey as error:
        raise ConfigErrors([Problem(str(file), 0, "", str(error))]) from None


def _private_text(path: Path, hint: str) -> str:
    try:
        if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
            raise ConfigErrors([Problem(str(path), 0, "", f"everybody can read this secret: chmod 600 {path}")])
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        said = f"does not exist; {hint}"
    except OSError as error:
        said = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        said = "is not text"
    raise ConfigErrors([Problem(str(path), 0, "", said)])
