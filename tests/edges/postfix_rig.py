"""A Postfix of one's own: configuration, queue and log in a directory, on a loopback port, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
MAIN = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {base}/log/postfix.log
maillog_file_prefixes = {base}/log
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mx.bank.example
mydestination = bank.example
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
alias_maps =
alias_database =
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtpd_client_connection_count_limit = 0
"""


class Postfix:
    """Started by `with`. `settings` are lines of main.cf, `transport` those of the transport table."""

    def __init__(self, program: Callable[[str], Path], settings: str, transport: str) -> None:
        self._postfix, self._postmap = program("postfix"), program("postmap")
        self._postconf = program("postconf")
        self.base = Path(tempfile.mkdtemp(prefix="maild-postfix-", dir="/tmp"))
        self.base.chmod(0o755)
        self.port = _free_port()
        owner = pwd.getpwnam("postfix")
        for name in ("etc", "queue", "data", "log"):
            (self.base / name).mkdir()
        os.chown(self.base / "data", owner.pw_uid, owner.pw_gid)
        daemons = self._asked("daemon_directory", config=Path("/etc/postfix"))
        table = self.base / "etc" / "transport"
        table.write_text(transport + "customer.example discard:\n")  # bounces go nowhere
        settings = settings.replace("/etc/postfix/transport", str(table))
        (self.base / "etc" / "main.cf").write_text(MAIN.format(base=self.base, daemons=daemons) + settings)
        (self.base / "etc" / "master.cf").write_text(MASTER.format(port=self.port))
        subprocess.run([self._postmap, "-c", self.base / "etc", f"hash:{table}"], check=True, timeout=30)

    def _asked(self, name: str, config: Path) -> str:
        done = subprocess.run(
            [self._postconf, "-c", config, "-h", name], capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout.strip() or "/usr/lib/postfix/sbin"

    def __enter__(self) -> Self:
        self._do("start")
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as line:
                if line.recv(100).startswith(b"220"):
                    return self
            assert time.monotonic() < until, self.log()
            time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._do("stop")
        shutil.rmtree(self.base, ignore_errors=True)

    def _do(self, what: str) -> None:
        done = subprocess.run(
            [self._postfix, "-c", self.base / "etc", what], capture_output=True, text=True, check=False, timeout=60
        )
        assert what == "stop" or done.returncode == 0, done.stderr + self.log()

    def log(self) -> str:
        file = self.base / "log" / "postfix.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def queued(self) -> int:
        """Letters that are not done with."""
        places = ("incoming", "active", "deferred", "maildrop")
        return sum(path.is_file() for place in places for path in (self.base / "queue" / place).rglob("*"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
