"""[[imap]]: every key that does not go with another is told, with its line, and secrets are read strictly."""

from __future__ import annotations

import pytest

from maild import mailboxes
from maild.config import ConfigErrors, check, load
from maild.edges.imap_token import Tokens
from maild.edges.imap_trouble import Trouble

PLAIN = """
[[imap]]
host = "imap.bank.example"
user = "support"
address = "support@bank.example"
"""
OAUTH = (
    'auth = "xoauth2"\ntoken_url = "https://login.example.com/token"\nclient_id = "it"\nclient_secret_file = "secret"\n'
)


def write(desk, *lines: str) -> None:
    desk.path.write_text(desk.path.read_text() + PLAIN + "\n".join(lines) + "\n")


def private(desk, name: str, text: str) -> None:
    (desk.directory / name).write_text(text)
    (desk.directory / name).chmod(0o600)


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        ('tls = "none"', "tls", "a login needs TLS"),
        ('tls = "ssl"', "tls", "must be 'at once', 'starttls' or 'none'"),
        ("port = 0", "port", "from 1 to 65535"),
        ('port = "993"', "port", "from 1 to 65535"),
        ('auth = "xoauth2"', "auth", "needs token_url or token_command"),
        ('auth = "xoauth2"\ntoken_url = "https://x.example/"', "auth", "needs client_id"),
        (
            'auth = "xoauth2"\ntoken_url = "https://x.example/"\nclient_id = "i"',
            "auth",
            "needs refresh_token_file, client",
        ),
        (OAUTH.replace("https:", "http:"), "token_url", "must be a URL like"),
        (OAUTH.replace("login.example.com", "user:x@login.example.com"), "token_url", "must be a URL like"),
        (OAUTH + 'password_file = "p"', "password_file", 'goes with auth = "password"'),
        (OAUTH + 'token_command = ["x"]', "token_url", "token_command brings the token"),
        ('token_url = "https://x.example/"', "token_url", 'goes with auth = "xoauth2" or "oauthbearer"'),
        ('password_file = "nowhere"', "password_file", "there is no file"),
        ('after = "flag"\nmove_to = "x"', "move_to", 'goes with after = "move"'),
        ('flag = "x"', "flag", 'goes with after = "flag"'),
        ('after = "flag"\nflag = "two words"', "flag", "must be a keyword"),
        ('after = "flag"\nflag = "\\\\Seen"', "flag", "must be a keyword"),
        ('move_to = "INBOX"', "move_to", "is the folder letters are fetched from"),
        ('folder = "a%"', "folder", "must be the name of a folder"),
        ('folder = "a\\r\\nb"', "folder", "must be the name of a folder"),
        ('foldr = "x"', "foldr", 'did you mean "folder"'),
        (PLAIN, "", "this one is read already: imap.1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(desk, lines: str, key: str, said: str) -> None:
    private(desk, "secret", "s\n")
    private(desk, "p", "s\n")
    write(desk, lines)
    with pytest.raises(ConfigErrors) as caught:
        load(desk.path)
    told = [problem for problem in caught.value.problems if said in problem.text]
    assert told, str(caught.value)
    line = desk.path.read_text().splitlines()[told[0].line - 1]
    assert line.startswith(key or "[[imap]]")


def test_an_address_that_is_not_ours(desk) -> None:
    desk.path.write_text(desk.path.read_text() + PLAIN.replace("support@bank", "suport@bank"))
    with pytest.raises(ConfigErrors, match=r"did you mean .support@bank\.example."):
        load(desk.path)


def test_what_is_right_passes(desk, monkeypatch) -> None:
    private(desk, "secret", "shh\n")
    write(desk, OAUTH)
    desk.path.write_text(
        desk.path.read_text() + PLAIN.replace('"support"', '"sales"') + 'tls = "starttls"\nafter = "keep"\n'
    )
    monkeypatch.setenv("MAILD_IMAP_PASSWORD", "from the environment")
    assert check(desk.path) == ()
    one, two = mailboxes.settings(load(desk.path))
    assert (one.port, two.port) == (993, 143)
    assert isinstance(one.secret, Tokens)
    assert two.secret(False) == "from the environment"
    assert "shh" not in repr(load(desk.path)) + repr(one)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [("", 0o600, "in one line"), ("a\nb\n", 0o600, "in one line"), ("a\n", 0o644, "everybody can read")],
)
def test_secrets_are_read_strictly(desk, text: str, mode: int, said: str) -> None:
    private(desk, "p", text)
    (desk.directory / "p").chmod(mode)
    write(desk, 'password_file = "p"')
    assert any(said in problem.text for problem in check(desk.path))
    (box,) = mailboxes.settings(load(desk.path))
    with pytest.raises(Trouble, match=said) as caught:
        box.secret(False)
    assert caught.value.patient


def test_a_mailbox_without_any_password(desk, monkeypatch) -> None:
    monkeypatch.delenv("MAILD_IMAP_PASSWORD", raising=False)
    write(desk)
    (problem,) = check(desk.path)
    assert problem.line == desk.line_with(desk.path, 'user = "support"')
    assert "MAILD_IMAP_PASSWORD" in problem.text
