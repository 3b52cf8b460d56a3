"""What stands in a certificate: for whom it is, and until when.

A handshake with ourselves, in memory, has the certificate read by the library that will show it.
It refuses to judge. `maild doctor` calls it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from maild.edges.smtp_tls import BadCertificate

STEPS = 10  # of a handshake; TLS 1.3 needs three


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate that can be shown."""

    file: Path
    names: tuple[str, ...]  # of hosts
    until: datetime

    def fits(self, host: str) -> bool:
        """Whether it is for this host; "*.desk.example" is for every host right below that domain."""
        return any(fnmatchcase(host.lower(), one.lower()) and host.count(".") == one.count(".") for one in self.names)

    def trusting(self) -> ssl.SSLContext:
        """A client's side that takes this certificate and no other."""
        return _trusting(self.file)


def paper(certificate: Path, key: Path) -> Paper:
    """Read it. BadCertificate where it cannot be shown, or is no longer, or not yet, valid."""
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate, key, password=lambda: b"")
        told = _shown(server, _trusting(certificate))
    except ssl.SSLCertVerificationError as error:
        raise BadCertificate(f"{certificate}: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise BadCertificate(f"{certificate} with {key}: {error.reason or error}") from None
    except (OSError, ValueError) as error:
        raise BadCertificate(f"{certificate} with {key}: {getattr(error, 'strerror', None) or error}") from None
    names = tuple(str(name) for kind, name in told.get("subjectAltName", ()) if kind == "DNS")
    return Paper(certificate, names, datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC))


def _trusting(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # itself is authority enough, whoever signed it
    context.load_verify_locations(certificate)
    return context


def _shown(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True))
    for _ in range(STEPS):
        waiting = 0
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waiting += 1
        if not waiting:
            break
    return dict(ends[0].getpeercert() or {})
