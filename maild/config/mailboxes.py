"""Mailboxes to take letters from: which keys of an [[imap]] or a [[maildir]] table go together.

It works on what TOML gave, as `names` does, so that one wrong value elsewhere hides nothing. It
refuses to judge types and to connect anywhere. Called by `loading`.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from maild.config.documents import Document
from maild.config.problems import Problem, dotted, unknown
from maild.config.sections import Imap
from maild.config.toml_lines import Place

_OAUTH = ("token_url", "client_id", "client_secret_file", "refresh_token_file", "scope", "token_command")
_FILES = ("ca_file", "password_file", "client_secret_file", "refresh_token_file")
_Finding = tuple[Place, str]


def check(document: Document) -> list[Problem]:
    """Everything wrong with the tables that a single key does not show."""
    boxes, watched = _tables(document, "imap"), _tables(document, "maildir")
    found = [
        (("imap", number, *place), text)
        for number, table in boxes.items()
        for place, text in (
            *_connection(table),
            *_proof(table),
            *_filing(table),
            *_address(table, document),
            *_files(table, document),
        )
    ]
    found += _twice("imap", boxes, ("host", "port", "user", "folder"))
    found += [
        (("maildir", number, *place), text)
        for number, table in watched.items()
        for place, text in _address(table, document)
    ]
    found += _twice("maildir", watched, ("path",))
    return [Problem(document.file, document.line_of(place), dotted(place), text) for place, text in found]


def _connection(table: Mapping[str, Any]) -> Iterator[_Finding]:
    host = table.get("host")
    if host == "":
        yield ("host",), "is required"
    if table.get("tls") == "none" and isinstance(host, str) and not is_loopback(host):
        yield ("tls",), 'a login needs TLS: "at once" or "starttls"; "none" is for this machine only'


def _proof(table: Mapping[str, Any]) -> Iterator[_Finding]:
    auth = table.get("auth", "password")
    if auth == "password":
        for key in _OAUTH:
            if table.get(key):
                yield (key,), 'goes with auth = "xoauth2" or "oauthbearer"'
        return
    if table.get("password_file"):
        yield ("password_file",), 'goes with auth = "password"'
    if table.get("token_command"):
        for key in _OAUTH[:-1]:
            if table.get(key):
                yield (key,), "token_command brings the token; this key has no use"
        return
    url = table.get("token_url")
    if not url:
        yield ("auth",), "needs token_url or token_command"
    elif isinstance(url, str) and not _is_safe(url):
        yield ("token_url",), 'must be a URL like "https://login.example.com/token"'
    if not table.get("client_id"):
        yield ("auth",), "needs client_id"
    if not table.get("client_secret_file") and not table.get("refresh_token_file"):
        yield ("auth",), "needs refresh_token_file, client_secret_file, or both"


def _filing(table: Mapping[str, Any]) -> Iterator[_Finding]:
    after = table.get("after", "move")
    for key, its in (("move_to", "move"), ("flag", "flag")):
        if key in table and after != its:
            yield (key,), f'goes with after = "{its}"'
    folder, target = table.get("folder", "INBOX"), table.get("move_to", Imap.model_fields["move_to"].default)
    if after == "move" and folder == target:
        yield ("move_to",), "is the folder letters are fetched from"


def _address(table: Mapping[str, Any], document: Document) -> Iterator[_Finding]:
    wanted, tables = table.get("address"), document.data.get("address", ())
    ours = [one.get("address") for one in tables if isinstance(one, Mapping)] if isinstance(tables, tuple) else []
    known = [one for one in ours if isinstance(one, str)]
    if isinstance(wanted, str) and wanted.casefold() not in {one.casefold() for one in known}:
        yield ("address",), unknown("address", wanted, known)


def _files(table: Mapping[str, Any], document: Document) -> Iterator[_Finding]:
    for key in _FILES:
        value = table.get(key)
        if isinstance(value, str) and value and "\0" not in value:
            path = Path(document.file).parent / value
            if not path.is_file():
                yield (key,), f"there is no file {path}"


def _tables(document: Document, key: str) -> dict[int, Mapping[str, Any]]:
    """The tables below [[key]] by their number; what is no table has been complained about."""
    tables = document.data.get(key, ())
    listed = enumerate(tables if isinstance(tables, tuple) else ())
    return {number: table for number, table in listed if isinstance(table, Mapping)}


def _twice(kind: str, tables: Mapping[int, Mapping[str, Any]], keys: tuple[str, ...]) -> Iterator[_Finding]:
    first: dict[tuple[object, ...], int] = {}
    for number, table in tables.items():
        what = tuple(table.get(key) for key in keys)
        if first.setdefault(what, number) != number:
            yield (kind, number), f"this one is read already: {dotted((kind, first[what]))}"


def is_loopback(host: str) -> bool:
    """This machine, whatever a name server says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_safe(url: str) -> bool:
    """A secret is posted to it."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not parts.hostname or not port_is_one or parts.username is not None or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
