"""Access tokens for XOAUTH2 and OAUTHBEARER: from a token endpoint (RFC 6749), or from a command.

One form is posted: a refresh token (section 6) or the program's own credentials (section 4.4).
What is secret goes to the one URL the admin wrote, over TLS, and nowhere else: redirects are
not followed, and nothing of it is ever said. It refuses to know IMAP. `mailboxes` makes one
for each mailbox; its thread asks.
"""

from __future__ import annotations

import json
import logging
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from maild import durable
from maild.edges.imap_trouble import Trouble, said

log = logging.getLogger("maild.imap")

PATIENCE = 15.0  # seconds for the token endpoint
COMMAND_PATIENCE = 30.0  # seconds for a command
LARGEST = 65_536  # octets of an answer; Microsoft's tokens have two thousand
SPARE = 300.0  # seconds before its end at which a token is no longer used
UNTOLD = 3600.0  # seconds a token lasts that does not say so (RFC 6749 section 5.1 only recommends it)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """Either `command`, or an endpoint. The callables read their file and raise Trouble; None: there is none."""

    command: Sequence[str] = ()
    url: str = ""
    client_id: str = ""
    scope: str = ""
    client_secret: Callable[[], str] | None = field(default=None, repr=False)
    refresh_token: Callable[[], str] | None = field(default=None, repr=False)
    refresh_token_file: Path | None = None  # where a new refresh token is kept


class Tokens:
    """Not safe for threads: each mailbox has its own."""

    def __init__(self, settings: TokenSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._token = ""
        self._until = 0.0
        self._rotated = ""  # a new refresh token that could not be written to its file

    def __call__(self, fresh: bool) -> str:
        """A token that is good for some minutes; `fresh`: not the one given before. Trouble where there is none."""
        if fresh or self._monotonic() >= self._until:
            self._token, lasts = self._by_command() if self._settings.command else self._by_form()
            self._until = self._monotonic() + lasts - SPARE
        return self._token

    def _by_command(self) -> tuple[str, float]:
        """The first line it prints. Such commands keep their own tokens, so they are asked at each login."""
        name = self._settings.command[0]
        try:
            done = subprocess.run(  # noqa: S603 - the admin's own command, as a list, without a shell
                self._settings.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it might hold the token
                timeout=COMMAND_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Trouble(f"token_command {name} did not end within {COMMAND_PATIENCE:.0f} s") from None
        except OSError as error:
            raise Trouble(f"token_command {name} cannot be run: {error.strerror}", patient=True) from None
        if done.returncode:
            raise Trouble(f"token_command {name} ended with {done.returncode}; run it by hand", patient=True)
        first = done.stdout.partition(b"\n")[0].strip().decode("ascii", "replace")
        return _checked(first, f"token_command {name}"), 0.0

    def _by_form(self) -> tuple[str, float]:
        settings = self._settings
        form = {"client_id": settings.client_id, "grant_type": "client_credentials"}
        secrets = []
        if settings.scope:
            form["scope"] = settings.scope
        if settings.client_secret is not None:
            form["client_secret"] = settings.client_secret()
            secrets.append(form["client_secret"])
        if settings.refresh_token is not None:
            form["grant_type"] = "refresh_token"
            form["refresh_token"] = self._rotated or settings.refresh_token()
            secrets.append(form["refresh_token"])
        answer = _post(settings.url, form, secrets)
        token = _checked(answer.get("access_token"), settings.url)
        renewed = answer.get("refresh_token")
        if settings.refresh_token_file is not None and isinstance(renewed, str) and renewed != form["refresh_token"]:
            self._keep(_checked(renewed, settings.url), settings.refresh_token_file)
        lasts = answer.get("expires_in", UNTOLD)
        return token, float(lasts) if isinstance(lasts, int | float | str) and str(lasts).isdecimal() else UNTOLD

    def _keep(self, renewed: str, file: Path) -> None:
        """The old refresh token may be void from now on (RFC 6749 section 6)."""
        self._rotated = renewed
        try:
            durable.replace(file, renewed + "\n")
        except OSError as error:
            log.error(
                "%s: a new refresh token cannot be kept: %s; it is lost at the next restart", file, error.strerror
            )
            return
        self._rotated = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry our secrets to wherever it points."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _post(url: str, form: dict[str, str], secrets: Sequence[str]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the configuration takes https, and http on loopback only
        url, urlencode(form).encode(), {"Accept": "application/json"}
    )
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=PATIENCE) as answer:
            return _object(answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            told = _object(error.read(LARGEST))
        why = ": ".join(filter(None, (said(told.get(key, ""), *secrets) for key in ("error", "error_description"))))
        raise Trouble(
            f"{url} gives no token (HTTP {error.code}{'; ' * bool(why)}{why})", patient=400 <= error.code < 500
        ) from None
    except urllib.error.URLError as error:
        reason = error.reason.strerror if isinstance(error.reason, OSError) else ""
        raise Trouble(f"{url} cannot be reached: {reason or type(error.reason).__name__}") from None
    except (OSError, ValueError) as error:  # the line broke, or it speaks no HTTP
        raise Trouble(f"{url} cannot be asked: {type(error).__name__}") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _checked(token: object, source: str) -> str:
    """RFC 6750 section 2.1: visible ASCII. Anything else could end the line it is written in."""
    if isinstance(token, str) and 0 < len(token) <= LARGEST and all("!" <= letter <= "~" for letter in token):
        return token
    raise Trouble(f"{source} gives no usable token", patient=True)
