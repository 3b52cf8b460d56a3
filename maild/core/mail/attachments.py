"""Files in a letter: safe names, what their bytes are, hash and size.

It refuses to know the MIME tree and never unpacks anything. Called by `bodies`.
"""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 150  # leaves room for a prefix under the 255 bytes of common file systems

# Controls, bidirectional overrides (a right-to-left mark makes "exe.jpg" of "gpj.exe"),
# zero-width and other invisible characters, surrogates, private use.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\uf8ff]+"
)
_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_SPACES = re.compile(r"\s+")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)

# First bytes (RFC-less, but stable for decades) → media type. Longer signatures first where they overlap.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"BM", "image/bmp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"#!", "text/x-script"),
    (4, b"ftyp", "video/mp4"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
    (0, b"BEGIN:VCARD", "text/vcard"),
    (0, b"<?xml", "application/xml"),
    (0, b"<!DOCTYPE html", "text/html"),
    (0, b"<html", "text/html"),
)

_EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/ms-tnef": ".dat",
}


def sniff(data: bytes) -> str:
    """The media type the first bytes give away, "" where they say nothing."""
    head = data[:16]
    for offset, magic, kind in _MAGIC:
        if head.startswith(magic, offset):
            return kind
    return ""


def safe_name(name: str) -> str:
    """A file name that is safe to show, to write into a header and onto any disk; "" if nothing is left.

    NFC, only the last part of a path, no controls, no invisible or bidirectional characters,
    no Windows device, no leading dot, at most 150 bytes with the extension kept.
    """
    name = _UNSAFE.sub("", unicodedata.normalize("NFC", name[:2000]))
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = _SPACES.sub(" ", _FORBIDDEN.sub("_", name)).strip(" ").lstrip(".").strip(" ").rstrip(".")
    if name.partition(".")[0].strip().lower() in _DEVICES:
        name = "_" + name
    return _shortened(name)


def _shortened(name: str) -> str:
    data = name.encode("utf-8")
    if len(data) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode("utf-8") if stem and len(extension) <= 10 else b""
    return data[: MAX_NAME_BYTES - len(tail)].decode("utf-8", "ignore").rstrip() + tail.decode("utf-8")


def made_up_name(content_type: str, number: int) -> str:
    """A name for a part that has none, so that an agent has something to click on."""
    return f"part-{number}{_EXTENSIONS.get(content_type, '.bin')}"
