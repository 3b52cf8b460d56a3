"""The doors that listen: is anything there, does it greet, and which certificate does it show.

Called by `doctor`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from maild.config import Config, Endpoint
from maild.edges.smtp_paper import Paper, paper
from maild.edges.smtp_tls import BadCertificate
from maild.health.doctor.finding import Finding, note, well, wrong

PATIENCE = 5.0  # seconds
SOON = 14  # days before its end a certificate should be renewed

Place = Endpoint | Path


def check(config: Config) -> Iterator[Finding]:
    shown: Paper | None = None
    if config.tls.certificate is not None and config.tls.key is not None:
        try:
            shown = paper(config.tls.certificate, config.tls.key)
        except BadCertificate as error:
            yield wrong("certificate", str(error), "renew it; a running maild shows the one it read last")
        else:
            yield _valid(shown, config.smtp.hostname)
    plain = [("smtp", place) for place in config.smtp.listen] + [("lmtp", place) for place in config.lmtp.listen]
    secured = [("smtp", place) for place in config.smtp.listen_tls]
    secured += [("submission", place) for place in config.submission.listen]
    for name, where in plain:
        yield _greeting(name, where, None)
    for name, where in secured:
        yield _greeting(name, where, shown.trusting() if shown else ssl.create_default_context())
    if not plain and not secured:
        yield note("doors", "nothing listens: letters come by other ways")


def _valid(shown: Paper, hostname: str) -> Finding:
    left = (shown.until - datetime.now(shown.until.tzinfo)).days
    what = f"for {', '.join(shown.names) or 'nobody'}, {left} {'day' if left == 1 else 'days'} left"
    if left < SOON:
        return wrong("certificate", what, "renew it now; maild takes it over by itself")
    if not shown.fits(hostname):
        return note("certificate", f"{what}; {hostname}, by which we greet, is not in it", "see smtp.hostname")
    return well("certificate", what)


def _greeting(door: str, where: Place, context: ssl.SSLContext | None) -> Finding:
    name = f"door {door} {where if isinstance(where, Path) else f'{where.host}:{where.port}'}"
    if not isinstance(where, Path) and where.port == 0:
        return note(name, "the system chooses the port: it cannot be tried")
    try:
        with _connected(where) as line, context.wrap_socket(line) if context else line as heard_on:
            heard = heard_on.recv(200)
    except ssl.SSLError as error:
        return wrong(name, f"shows another certificate than its file: {error.reason}", "reload or restart maild")
    except ConnectionRefusedError:
        return wrong(name, "nothing listens there", "start it: maild run, or systemctl start maild")
    except OSError as error:
        return wrong(name, f"{error.strerror or error}", "see that maild runs, and its log")
    if not heard.startswith(b"220 "):
        return wrong(name, "something is there that does not greet as maild does", "see what else uses this port")
    return well(name, "greets")


def _connected(where: Place) -> socket.socket:
    if not isinstance(where, Path):
        # Whoever listens everywhere listens here.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(where.host, where.host)  # noqa: S104 - nothing is bound
        return socket.create_connection((host, where.port), timeout=PATIENCE)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(PATIENCE)
        line.connect(str(where))
    except BaseException:
        line.close()
        raise
    return line
