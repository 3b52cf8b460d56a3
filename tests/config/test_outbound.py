"""Several relays, and the key that signs: read, complete, and wrong in words an admin understands."""

from __future__ import annotations

import importlib.util

import pytest

from maild.config import ConfigErrors, check, dkim_signer, load, loading, outbound_password
from maild.config.values import Relay

TWO = 'url = ["smtps://desk@a.example", "smtp+starttls://other@b.example"]'


def outbound(desk, lines: str) -> None:
    desk.replace("[defaults]", f"[outbound]\n{lines}\n[defaults]")


def secret(desk, name: str, content: str) -> None:
    (desk.directory / name).write_text(content)
    (desk.directory / name).chmod(0o600)


def said(desk) -> str:
    return "\n".join(str(problem) for problem in check(desk.path))


# --------------------------------------------------------------------- relays


def test_relays_keep_their_order(desk) -> None:
    outbound(desk, 'url = ["smtp://b.example", "maildir:out", "smtp://a.example:26"]')
    assert load(desk.path).outbound.relays == (
        Relay("smtp", "b.example", 25),
        Relay("maildir", path=desk.directory / "out"),
        Relay("smtp", "a.example", 26),
    )


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("url = []", "at least one"),
        ('url = ["smtp://a.example", "smtp://a.example"]', "here twice"),
        ('url = ["smtp://a.example", "b.example"]', '"smtp://HOST:PORT"'),
        ("url = [25]", 'must be a URL like "smtp://127.0.0.1:25"'),
        (f'{TWO}\npassword_file = ["one", "no-such"]', "there is no file"),
        (f'{TWO}\npassword_file = ["one", "one", "one"]', "one file for all relays, or a list as long"),
    ],
)
def test_a_wrong_list_is_named(desk, lines: str, why: str) -> None:
    secret(desk, "one", "x")
    outbound(desk, lines)
    assert why in said(desk)
    assert "outbound" in said(desk)


def test_each_relay_has_its_own_password_or_all_have_one(desk) -> None:
    secret(desk, "one", "first")
    secret(desk, "two", "second")
    outbound(desk, f'{TWO}\npassword_file = ["one", "two"]')
    config = load(desk.path)
    assert [outbound_password(config, {}, place) for place in (0, 1)] == ["first", "second"]
    desk.replace('["one", "two"]', '"one"')
    config = load(desk.path)
    assert [outbound_password(config, {}, place) for place in (0, 1)] == ["first", "first"]


def test_the_password_of_every_relay_is_checked(desk) -> None:
    outbound(desk, f'{TWO}\npassword_file = ["one", "two"]')
    secret(desk, "one", "x")
    secret(desk, "two", "x\ny")
    assert "two: must hold the password in one line" in said(desk)


# --------------------------------------------------------------------- signatures


KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""


def signing(desk, lines: str, content: str = KEY) -> None:
    secret(desk, "dkim.pem", content)
    desk.replace("[defaults]", f"[dkim]\n{lines}\n[defaults]")


def test_nothing_is_signed_unless_a_key_is_named(desk) -> None:
    assert dkim_signer(load(desk.path)) is None


def test_the_domain_is_the_desks_where_none_is_named(desk) -> None:
    pytest.importorskip("cryptography")
    signing(desk, 'selector = "s2026"\nkey_file = "dkim.pem"')
    made = dkim_signer(load(desk.path))
    assert made is not None
    assert (made.domain, made.selector, made.algorithm) == ("bank.example", "s2026", "ed25519-sha256")
    assert check(desk.path) == ()


@pytest.mark.parametrize(
    ("lines", "content", "mode", "why"),
    [
        ('key_file = "dkim.pem"', KEY, 0o600, "selector is required"),
        ('selector = "s"\nkey_file = "no-such.pem"', KEY, 0o600, "there is no file"),
        ('selector = "s"\nkey_file = "dkim.pem"', "hello", 0o600, "no private key in PEM"),
        ('selector = "s"\nkey_file = "dkim.pem"', KEY, 0o644, "chmod 600"),
        ('selector = "no selector"\nkey_file = "dkim.pem"', KEY, 0o600, "must be a domain name"),
    ],
)
def test_check_tells_what_is_wrong_with_the_key(desk, lines: str, content: str, mode: int, why: str) -> None:
    pytest.importorskip("cryptography")
    signing(desk, lines, content)
    (desk.directory / "dkim.pem").chmod(mode)
    assert why in said(desk)


def test_without_the_package_it_is_said_what_to_install(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(loading, "find_spec", lambda name: None if name == "cryptography" else find(name))
    signing(desk, 'selector = "s"\nkey_file = "dkim.pem"')
    with pytest.raises(ConfigErrors, match=r"dkim.key_file: .*cryptography.*pip install 'maild\[dkim\]'"):
        load(desk.path)


def test_keys_and_passwords_are_printed_nowhere(desk) -> None:
    signing(desk, 'selector = "s"\nkey_file = "dkim.pem"')
    assert "MC4CAQ" not in repr(load(desk.path))
