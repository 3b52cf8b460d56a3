"""Access tokens: what is posted where, how long a token is used, and that no secret is ever said."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from maild.edges.imap_token import SPARE, Tokens, TokenSettings
from maild.edges.imap_trouble import Trouble

SECRET, REFRESH = "the-client-secret", "the-refresh-token"


class Endpoint:
    """A token endpoint that answers what the test wants."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self.answer: object = {"access_token": "first", "expires_in": 3600}
        self.headers: dict[str, str] = {}
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                endpoint.asked.append({key: value for key, (value,) in form.items()})
                body = endpoint.answer if isinstance(endpoint.answer, bytes) else json.dumps(endpoint.answer).encode()
                self.send_response(endpoint.status)
                for name, value in endpoint.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    one = Endpoint()
    yield one
    one.close()


def tokens(endpoint: Endpoint, clock=lambda: 0.0, **more) -> Tokens:
    plain = {"url": endpoint.url, "client_id": "id", "scope": "mail", "client_secret": lambda: SECRET}
    return Tokens(TokenSettings(**{**plain, **more}), clock)


def test_client_credentials(endpoint: Endpoint) -> None:
    assert tokens(endpoint)(False) == "first"
    expected = {"client_id": "id", "grant_type": "client_credentials", "scope": "mail", "client_secret": SECRET}
    assert endpoint.asked == [expected]


def test_a_refresh_token_and_the_new_one_that_comes_back(endpoint: Endpoint, tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text(REFRESH)
    endpoint.answer = {"access_token": "first", "expires_in": "3600", "refresh_token": "renewed"}
    ask = tokens(endpoint, refresh_token=lambda: file.read_text().strip(), refresh_token_file=file, client_secret=None)
    assert ask(False) == "first"
    assert endpoint.asked == [
        {"client_id": "id", "grant_type": "refresh_token", "scope": "mail", "refresh_token": REFRESH}
    ]
    assert file.read_text() == "renewed\n"
    assert file.stat().st_mode & 0o777 == 0o600
    ask(True)
    assert endpoint.asked[-1]["refresh_token"] == "renewed"


def test_a_new_refresh_token_that_cannot_be_written_is_used_all_the_same(
    endpoint: Endpoint, tmp_path: Path, caplog
) -> None:
    endpoint.answer = {"access_token": "first", "refresh_token": "renewed"}
    gone = tmp_path / "gone" / "refresh"
    ask = tokens(endpoint, refresh_token=lambda: REFRESH, refresh_token_file=gone)
    ask(True)
    ask(True)
    assert [one["refresh_token"] for one in endpoint.asked] == [REFRESH, "renewed"]
    assert "cannot be kept" in caplog.text
    assert "renewed" not in caplog.text


def test_a_token_is_used_until_shortly_before_its_end(endpoint: Endpoint) -> None:
    now = [0.0]
    ask = tokens(endpoint, lambda: now[0])
    ask(False)
    now[0] = 3600 - SPARE - 1
    ask(False)
    assert len(endpoint.asked) == 1
    now[0] += 1
    ask(False)
    assert len(endpoint.asked) == 2
    ask(True)
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize(
    ("status", "answer", "said", "patient"),
    [
        (400, {"error": "invalid_grant", "error_description": "expired\r\n\x1b[31m"}, "invalid_grant: expired", True),
        (401, {"error": "invalid_client", "error_description": f"bad {SECRET}"}, "(HTTP 401; invalid_client)", True),
        (500, b"<html>", "(HTTP 500)", False),
        (302, {}, "(HTTP 302)", False),
        (200, b"[" * 50_000, "no usable token", True),
        (200, {"access_token": "two\r\nlines"}, "no usable token", True),
        (200, {"access_token": 7}, "no usable token", True),
        (200, {}, "no usable token", True),
    ],
)
def test_no_token(endpoint: Endpoint, status: int, answer: object, said: str, patient: bool) -> None:
    endpoint.status, endpoint.answer = status, answer
    if status == 302:
        endpoint.headers["Location"] = endpoint.url
    with pytest.raises(Trouble) as caught:
        tokens(endpoint)(False)
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.patient == patient
    assert len(endpoint.asked) == 1  # no redirect was followed


def test_an_endpoint_that_is_away() -> None:
    with pytest.raises(Trouble, match="cannot be reached: Connection refused"):
        Tokens(TokenSettings(url="http://127.0.0.1:1/", client_id="id"))(False)


def command(code: str) -> Tokens:
    return Tokens(TokenSettings(command=[sys.executable, "-c", code]))


def test_a_command_is_asked_each_time(tmp_path: Path) -> None:
    count = tmp_path / "count"
    ask = command(f"open({str(count)!r}, 'a').write('x'); print('tok;$(id)')")
    assert ask(False) == ask(False) == "tok;$(id)"
    assert count.read_text() == "xx"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('secret', file=sys.stderr); sys.exit(3)", "ended with 3"),
        ("pass", "no usable token"),
        ("print('two words')", "no usable token"),
    ],
)
def test_a_command_that_fails(code: str, said: str) -> None:
    with pytest.raises(Trouble, match=said) as caught:
        command(code)(False)
    assert "secret" not in str(caught.value)


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(Trouble, match="cannot be run: No such file"):
        Tokens(TokenSettings(command=["/nowhere/at/all"]))(False)
