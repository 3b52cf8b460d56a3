"""Whether a letter is signed or encrypted, as far as that can be seen without a key.

It refuses to verify and to decrypt. Called by `reading`. A signature inside of something
encrypted cannot be seen.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from maild.core.mail.structure import Part

_SIGNATURES = frozenset(
    {"multipart/signed", "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_ENVELOPES = frozenset({"multipart/encrypted", "application/pgp-encrypted"})
_MIXED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})  # RFC 8551 section 3.2: either, by parameter
_ARMOR = re.compile(r"^-----BEGIN PGP (SIGNED MESSAGE|MESSAGE)-----[ \t\r]*$", re.MULTILINE)


class Protection(NamedTuple):
    signed: bool
    encrypted: bool


def of(root: Part, text: str) -> Protection:
    """What the types of the parts, and OpenPGP's armour in the text, tell."""
    signed = encrypted = False
    for part in root.walk():
        if part.type in _MIXED:
            clear = "signed" in part.parameters.get("smime-type", "").lower()
            signed, encrypted = signed or clear, encrypted or not clear
        elif "/" in part.type and part.type.startswith(("multipart/", "application/")):
            signed = signed or part.type in _SIGNATURES
            encrypted = encrypted or part.type in _ENVELOPES
    if "-----BEGIN PGP " in text:
        armour = set(_ARMOR.findall(text))
        signed = signed or "SIGNED MESSAGE" in armour
        encrypted = encrypted or "MESSAGE" in armour
    return Protection(signed, encrypted)
