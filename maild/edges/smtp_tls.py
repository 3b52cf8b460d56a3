"""The certificate doors show, and its successor: read at the start, and again when the files change.

A connection keeps the certificate it began with; new ones get the new one. A pair of files that
cannot be used leaves the old certificate in force and is said once. It refuses to know who
connects; `doors` asks it to look, sessions ask for the context.
"""

from __future__ import annotations

import logging
import ssl
import threading
from pathlib import Path

log = logging.getLogger("maild.tls")


class BadCertificate(Exception):
    """A certificate that cannot be used, with words for an admin."""


class Certificate:
    """A certificate with its chain, and its key, both in PEM. BadCertificate where they cannot be used."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._lock = threading.Lock()  # SIGHUP and the clock come in threads of their own
        self._seen = self._look()
        self._context = _loaded(certificate, key)
        self.trouble = ""  # what is wrong with the files as they are now

    def context(self) -> ssl.SSLContext:
        return self._context

    def reload(self, *, changed_only: bool = False) -> bool:
        """Read the files again; True where their certificate is now in force. `changed_only`: if they changed."""
        with self._lock:
            now = self._look()
            if changed_only and now == self._seen and not self.trouble:
                return True
            self._seen = now
            try:
                self._context = _loaded(*self._files)
            except BadCertificate as error:
                if str(error) != self.trouble:
                    log.error("%s; the old certificate stays in force", error)
                self.trouble = str(error)
                return False
            log.info("%s: a new certificate is in force", self._files[0])
            self.trouble = ""
            return True

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(map(_mark, self._files))


def _mark(file: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced or written."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _loaded(certificate: Path, key: Path) -> ssl.SSLContext:
    for file in (certificate, key):
        try:
            with file.open("rb"):
                pass
        except OSError as error:
            raise BadCertificate(f"{file}: cannot be read: {error.strerror}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        why = "they do not belong together" if error.reason == "KEY_VALUES_MISMATCH" else _why(error)
        raise BadCertificate(f"{certificate} with {key}: {why}") from None
    except ValueError:
        raise BadCertificate(f"{key}: the key has a password; doors need one without") from None
    return context


def _why(error: ssl.SSLError) -> str:
    return f"no certificate and key in PEM that can be used ({error.reason or error})"
