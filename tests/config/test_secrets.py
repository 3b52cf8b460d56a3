"""The secret file and the relay's password: made safely, read strictly, never printed."""

from __future__ import annotations

import os
import stat

import pytest

from maild.config import ConfigErrors, check, load, new_secret_file, outbound_password, policy
from maild.config.secrets import read_keys

A, B = "a1" * 32, "b2" * 32


def write(desk, text: str | bytes) -> None:
    desk.secret.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_new_file_is_private_good_and_different_each_time(tmp_path) -> None:
    before = os.umask(0)
    try:
        new_secret_file(tmp_path / "one")
    finally:
        os.umask(before)
    new_secret_file(tmp_path / "two")
    one, two = read_keys(tmp_path / "one"), read_keys(tmp_path / "two")
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    assert one.current == 0
    assert len(one.secrets[0]) == 32
    assert one.secrets[0] != two.secrets[0]


def test_an_existing_file_is_never_overwritten(desk) -> None:
    before = desk.secret.read_bytes()
    with pytest.raises(FileExistsError):
        new_secret_file(desk.secret)
    assert desk.secret.read_bytes() == before


def test_the_last_line_signs_and_the_others_verify(desk) -> None:
    write(desk, f"# old\n3 {A}\n\n15 {B}\n")
    keys = policy(load(desk.path)).keys
    assert keys.current == 15
    assert keys.secrets == {3: bytes.fromhex(A), 15: bytes.fromhex(B)}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "no key in it"),
        ("# nothing\n", 0, "no key in it"),
        (f"{A}\n", 1, "a number from 0 to 15 and the key"),
        (f"0 {A}\n16 {B}\n", 2, "a number from 0 to 15"),
        (f"-1 {A}\n", 1, "a number from 0 to 15"),
        (f"² {A}\n", 1, "a number from 0 to 15"),
        (f"0 {A}\n0 {B}\n", 2, "key 0 is here already"),
        (f"0 {A[:-2]}\n", 1, "shorter than 32 bytes"),
        (f"0 {A[:-2]}zz\n", 1, "not hexadecimal"),
        (b"0 \xff\n", 0, "is not text"),
    ],
)
def test_a_bad_file_is_refused_and_its_content_not_repeated(desk, text, line: int, said: str) -> None:
    write(desk, text)
    (problem,) = desk.problems()
    assert (problem.file, problem.line) == (str(desk.secret), line)
    assert said in problem.text
    assert A[:-2] not in str(problem)


def test_a_secret_everybody_can_read_is_refused(desk) -> None:
    desk.secret.chmod(0o644)
    (problem,) = desk.problems()
    assert str(problem) == f"{desk.secret}: everybody can read this secret: chmod 600 {desk.secret}"


def test_loading_makes_no_secret_file(desk) -> None:
    desk.secret.unlink()
    load(desk.path)
    assert not desk.secret.exists()


def test_the_config_does_not_show_its_text(desk) -> None:
    desk.replace("[defaults]", '[store]\nurl = "postgresql+psycopg://u:hunter2@h/db"\n[defaults]')
    assert "hunter2" not in repr(load(desk.path))


ENVIRONMENT = {"MAILD_OUTBOUND_PASSWORD": "battery"}


def relayed(desk, url: str, *, file: str = "") -> None:
    """Letters go to `url`; with `file` as the content of a password file."""
    more = ""
    if file:
        (desk.directory / "password").write_text(file)
        (desk.directory / "password").chmod(0o600)
        more = '\npassword_file = "password"'
    desk.replace("[defaults]", f'[outbound]\nurl = "{url}"{more}\n[defaults]')


def test_the_password_comes_from_its_file_or_from_the_environment(desk) -> None:
    relayed(desk, "smtps://desk@mail.bank.example", file="correct horse \n")
    config = load(desk.path)
    assert outbound_password(config, ENVIRONMENT) == "correct horse "
    (desk.directory / "password").write_text("renewed")
    assert outbound_password(config, ENVIRONMENT) == "renewed"


def test_without_a_file_the_password_comes_from_the_environment(desk) -> None:
    relayed(desk, "smtps://desk@mail.bank.example")
    assert outbound_password(load(desk.path), ENVIRONMENT) == "battery"


@pytest.mark.parametrize("url", ["smtps://mail.bank.example", "maildir:out"])
def test_who_does_not_log_in_needs_no_password(desk, url: str) -> None:
    relayed(desk, url)
    assert outbound_password(load(desk.path), ENVIRONMENT) == outbound_password(load(desk.path), {}) == ""


@pytest.mark.parametrize("environment", [{}, {"MAILD_OUTBOUND_PASSWORD": ""}])
def test_a_login_without_any_password_is_a_problem(desk, environment, monkeypatch: pytest.MonkeyPatch) -> None:
    relayed(desk, "smtp+starttls://desk@mail.bank.example")
    with pytest.raises(ConfigErrors) as caught:
        outbound_password(load(desk.path), environment)
    line = desk.line_with(desk.path, "smtp+starttls")
    assert str(caught.value) == (
        f'{desk.path}:{line}: outbound.url: "desk" has no password: '
        "name its file in password_file, or set MAILD_OUTBOUND_PASSWORD"
    )
    monkeypatch.delenv("MAILD_OUTBOUND_PASSWORD", raising=False)
    desk.secret.unlink()
    assert [problem.key for problem in check(desk.path)] == ["outbound.url", ""], "and the other problems are told, too"
    monkeypatch.setenv("MAILD_OUTBOUND_PASSWORD", "battery")
    new_secret_file(desk.secret)
    assert check(desk.path) == ()


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [("\n", 0o600, "in one line"), ("a\nb\n", 0o600, "in one line"), ("a", 0o604, "chmod 600")],
)
def test_a_bad_password_file(desk, content: str, mode: int, said: str) -> None:
    relayed(desk, "smtps://desk@mail.bank.example", file=content)
    (desk.directory / "password").chmod(mode)
    with pytest.raises(ConfigErrors, match=said):
        outbound_password(load(desk.path), ENVIRONMENT)
