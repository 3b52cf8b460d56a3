"""A real Dovecot of our own: on loopback ports, in a directory of its own, as an ordinary process."""

from __future__ import annotations

import contextlib
import imaplib
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSWORD = "correct horse"
TOKEN = "ya29.a-token"

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
auth_verbose = yes
auth_failure_delay = 0
default_internal_user = {internal}
default_login_user = {internal}
default_internal_group = {group}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
ssl = {ssl}
{certificate}
mail_location = maildir:{home}/mail/%u
mail_max_userip_connections = 200
first_valid_uid = 1
maildir_stat_dirs = yes
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
protocol imap {{
  imap_capability = {capability}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

OAUTH2 = """
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot:
    """Any user may log in with PASSWORD, or with TOKEN by OAuth; every user's mail is a Maildir."""

    def __init__(self, program: Path, *, certificate: Path | None = None, capability: str = "") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="maild-dc-"))  # sockets want a short path
        self.port, self.tls_port = two_free_ports()
        self._program = program
        self._judge = _Introspection()
        who = ordinary_user()
        self._user = who
        (self.home / "mail").mkdir()
        for path in (self.home, self.home / "mail"):
            os.chown(path, who.pw_uid, who.pw_gid)
        self.home.chmod(0o755)
        pem = f"ssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else ""
        import grp

        text = CONFIG.format(
            home=self.home,
            internal=who.pw_name,
            group=grp.getgrgid(who.pw_gid).gr_name,
            ssl="yes" if certificate else "no",
            certificate=pem,
            password=PASSWORD.replace(" ", ""),
            uid=who.pw_uid,
            gid=who.pw_gid,
            port=self.port,
            tls_port=self.tls_port if certificate else 0,
            capability=capability,
        )
        (self.home / "dovecot.conf").write_text(text)
        (self.home / "oauth2.conf").write_text(OAUTH2.format(port=self._judge.port))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    password = PASSWORD.replace(" ", "")

    def start(self) -> None:
        command = [str(self._program), "-F", "-c", str(self.home / "dovecot.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            assert self._process.poll() is None, self.said()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as line:
                if line.recv(100).startswith(b"* OK"):
                    return
            assert time.monotonic() < until, self.said()
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        self._judge.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def said(self) -> str:
        log = self.home / "log"
        return log.read_text() if log.exists() else ""

    # ----------------------------------------------------------------- a person's mail client

    @contextlib.contextmanager
    def person(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, 10) as client:
            client.login(user, self.password)
            client.select(f'"{folder}"')
            yield client

    def deliver(self, user: str, *letters: bytes, folder: str = "INBOX") -> None:
        with self.person(user) as client:
            for one in letters:
                kind, said = client.append(f'"{folder}"', None, None, one)
                assert kind == "OK", said

    def holds(self, user: str, folder: str = "INBOX", search: str = "ALL") -> int:
        """How many letters lie in a folder; 0 where there is no such folder."""
        with self.person(user) as client:
            if client.select(f'"{folder}"')[0] != "OK":
                return 0
            return len(client.search(None, search)[1][0].split())

    def renumber(self, user: str) -> None:
        """A new UIDVALIDITY, as after a restored backup."""
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.cache", "dovecot.index.log"):
            (self.home / "mail" / user / name).unlink(missing_ok=True)


class _Introspection:
    """RFC 7662, as small as it gets: one token is good, for any user it is asked about."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                good = f"token={TOKEN}" in asked
                self._answer({"active": "true", "username": "oscar"} if good else {"active": "false"})

            def _answer(self, what: dict[str, str]) -> None:
                body = json.dumps(what).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def ordinary_user() -> pwd.struct_passwd:
    """Whom the server runs as: Dovecot gives nobody mail as root."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def two_free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
