"""Secrets: the keys tokens are signed with, and the relay's password.

They are never part of the Config, so that nothing prints them. It refuses to make
keys while loading: a desk that starts with new keys would disown its own letters.
`resolving` reads keys, `maild init` makes them; `app` and `checking` ask for the password.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from maild.config.loading import Config
from maild.config.problems import ConfigErrors, Problem
from maild.core.policy import Keys

_BYTES = 32
_IDS = 16  # a token has four bits for the id of its key
PASSWORD_VARIABLE = "MAILD_OUTBOUND_PASSWORD"  # noqa: S105 - the name of the variable, not a password


def new_secret_file(path: Path) -> None:
    """Make a file with one fresh key, readable by its owner only. FileExistsError if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("# Signs the tokens of this desk. Keep it, keep it secret; without it old letters are strangers.\n")
        file.write(f"0 {secrets.token_hex(_BYTES)}\n")
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
    if len(words) != 2 or not words[0].isdecimal() or int(words[0]) >= _IDS:
        raise ValueError(f"must be a number from 0 to {_IDS - 1} and the key in hexadecimal")
    try:
        secret = bytes.fromhex(words[1])
    except ValueError:
        raise ValueError("the key is not hexadecimal") from None
    if len(secret) < _BYTES:
        raise ValueError(f"the key is shorter than {_BYTES} bytes ({2 * _BYTES} hexadecimal digits)")
    return int(words[0]), secret


def outbound_password(config: Config, environment: Mapping[str, str]) -> str:
    """The relay's password from its file, else from MAILD_OUTBOUND_PASSWORD; "" where the relay wants no login.

    ConfigErrors says what is wrong with the file, or that the user of the relay's URL has no password at all.
    """
    user, file = config.outbound.relay.user, config.outbound.password_file
    if not user:
        return ""
    if file is None:
        password = environment.get(PASSWORD_VARIABLE, "")
        if not password:
            said = f'"{user}" has no password: name its file in password_file, or set {PASSWORD_VARIABLE}'
            line = config.document.line_of(("outbound", "url"))
            raise ConfigErrors([Problem(str(config.path), line, "outbound.url", said)])
        return password
    password = _private_text(file, "write the password into it, and nothing else").strip("\r\n")
    if not password or "\n" in password:
        raise ConfigErrors([Problem(str(file), 0, "", "must hold the password in one line")])
    return password


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
