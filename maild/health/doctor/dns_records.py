"""What receivers of our letters will find in the DNS: SPF, DMARC and the key of our signatures.

What cannot be seen from here is no error: the relay may sign, and a desk may live where there is no
DNS. It refuses to judge letters (`edges.auth`). Called by `doctor`.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from maild import config as configuration
from maild.config import Config
from maild.dkim import Signer
from maild.health.doctor.finding import Finding, note, well, wrong

ASKING = 10.0  # seconds for all questions together

Texts = Callable[[str], list[str]]  # the TXT records of a name; OSError where nobody answers


def check(config: Config) -> Iterator[Finding]:
    if find_spec("dns") is None:
        yield note("dns", "not looked at: the package dnspython is not here", "pip install 'maild[auth]'")
        return
    try:
        yield from records(config, configuration.dkim_signer(config), _texts())
    except OSError as error:
        yield note("dns", f"cannot be asked: {error}")


def records(config: Config, signer: Signer | None, texts: Texts) -> Iterator[Finding]:
    """For each domain letters leave from. Raises OSError where nobody answers."""
    for domain in dict.fromkeys(one.address.rpartition("@")[2].lower() for one in config.address):
        spf = [one for one in texts(domain) if one.lower().startswith("v=spf1")]
        if len(spf) > 1:
            yield wrong(f"spf {domain}", f"{len(spf)} records; receivers then see none", "leave one")
        elif spf:
            yield well(f"spf {domain}", spf[0])
        else:
            yield note(f"spf {domain}", "no record can be seen", "publish which servers may send for it")
        dmarc = [one for one in texts(f"_dmarc.{domain}") if one.startswith("v=DMARC1")]
        if dmarc:
            yield well(f"dmarc {domain}", dmarc[0])
        else:
            yield note(f"dmarc {domain}", "no record can be seen", "publish one, with p=none to begin with")
    if signer is not None:
        yield _key(signer, texts)


def _key(signer: Signer, texts: Texts) -> Finding:
    """RFC 6376 section 3.6.1: one record, p= is the key."""
    place = f"{signer.selector}._domainkey.{signer.domain}"
    found = [one for text in texts(place) if (one := _published(text)) is not None]
    if not found:
        return note(f"dkim {place}", "no key can be seen: our signatures verify nowhere", "publish it: docs/admins.md")
    if signer.public not in found:
        return wrong(f"dkim {place}", "the key there is not that of dkim.key_file", "publish the key, or use its file")
    return well(f"dkim {place}", "is the key of dkim.key_file")


def _published(text: str) -> bytes | None:
    tags = dict(re.findall(r"(?:^|;)\s*([a-z]+)\s*=([^;]*)", text))
    try:
        return b64decode("".join(tags.get("p", "").split()), validate=True) or None
    except Error:
        return None


def _texts() -> Texts:
    from maild.edges import auth_dns  # noqa: PLC0415 - most desks are installed without what it needs

    questions = auth_dns.Questions(auth_dns.resolver(), time.monotonic() + ASKING)

    def texts(name: str) -> list[str]:
        try:
            return questions.texts(name)
        except auth_dns.Unanswered as error:
            raise OSError(str(error)) from None

    return texts
