"""Does the domain in From stand behind this letter? (RFC 7489.)

Puts SPF and DKIM beside the one author and says so in an Authentication-Results field (RFC
8601), the form in which our own exchanger would say it; `core.authentication` reads it. It
refuses to know what follows, and how the name service is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from maild.core.mail import headers, read
from maild.edges import auth_dkim, auth_spf
from maild.edges.auth_dns import Questions, Unanswered
from maild.edges.auth_spf import a_labels

if TYPE_CHECKING:
    from maild.core.model import Envelope
    from maild.edges.auth_dkim import Signature
    from maild.edges.auth_spf import Sending

_POLICIES = ("none", "quarantine", "reject")
_TAG = re.compile(r"\s*([A-Za-z]{1,10})\s*=\s*(.*?)\s*\Z", re.DOTALL)
# What a From field of one honest author never has: a control character, a route before the address (RFC 5322 4.4).
_ODD_FROM = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|<[ \t\r\n]*@")

Organisation = Callable[[str], str]  # a domain → the part of it somebody has registered, "" for a public suffix


class Published(NamedTuple):
    """What a domain asks for: its policy, and whether only itself (not its organisation) may vouch."""

    policy: str
    strict_dkim: bool = False
    strict_spf: bool = False


class Verdict(NamedTuple):
    result: str  # none, pass, fail, temperror, permerror
    policy: str = ""
    domain: str = ""


def results(envelope: Envelope, ask: Questions, organisation: Organisation, own: str) -> bytes:
    """The whole field about this letter, CR LF included. Never raises but for bugs."""
    domain = author_domain(envelope.raw)
    sending = auth_spf.check(ask, envelope.peer, envelope.helo, envelope.mail_from)
    signatures = auth_dkim.check(envelope.raw, ask, envelope.received_at.timestamp())
    # Nobody speaks for all of co.uk.
    if sending.result == "pass" and not organisation(sending.domain):
        sending = sending._replace(result="policy")
    signatures = [
        one._replace(result="policy") if one.result == "pass" and not organisation(one.domain) else one
        for one in signatures
    ]
    return field(own, sending, signatures, dmarc(domain, sending, signatures, ask, organisation))


def author_domain(raw: bytes) -> str:
    """The domain of the one author, read by the reader everybody else here uses; "" where there is none such.

    Two readers that disagree about From are what forgers live on.
    """
    start = blanks.end() if (blanks := headers.BLANKS.match(raw)) else 0
    block = headers.split(raw, start, len(raw))
    written = [value for name, value in block.fields if name == "from"]
    if len(written) != 1 or _ODD_FROM.search(written[0]):
        return ""
    sender = read(raw[: block.body]).sender
    return a_labels(sender.email.rpartition("@")[2]) if sender else ""


def dmarc(
    domain: str, sending: Sending, signatures: Sequence[Signature], ask: Questions, organisation: Organisation
) -> Verdict:
    """Whether SPF or DKIM passed for a domain aligned with that of From (RFC 7489 section 6.6.2)."""
    if not domain:
        return Verdict("permerror")
    try:
        published = _published(domain, ask, organisation)
    except Unanswered:
        return Verdict("temperror", domain=domain)
    if published is None:
        return Verdict("none", domain=domain)

    def aligned(other: str, *, strict: bool) -> bool:
        return other == domain or (not strict and organisation(other) == (organisation(domain) or domain))

    mine = [one.result for one in signatures if aligned(one.domain, strict=published.strict_dkim)]
    if aligned(sending.domain, strict=published.strict_spf):
        mine.append(sending.result)
    result = "pass" if "pass" in mine else "temperror" if "temperror" in mine else "fail"
    return Verdict(result, published.policy, domain)


def _published(domain: str, ask: Questions, organisation: Organisation) -> Published | None:
    """The record of the domain, else of its organisation (section 6.6.3). `pct` is not looked at: a forgery is
    one whether or not the domain tries its policy on every letter."""
    found, name = _record(ask, domain), "p"
    if found is None and (above := organisation(domain)) != domain:
        found, name = _record(ask, above), "sp"
    if found is None:
        return None
    policy = (found.get(name) or found.get("p", "none")).lower()
    return Published(
        policy if policy in _POLICIES else "none",
        found.get("adkim", "r").lower() == "s",
        found.get("aspf", "r").lower() == "s",
    )


def _record(ask: Questions, domain: str) -> dict[str, str] | None:
    """The tags of the one DMARC record; several are as good as none."""
    texts = [text for text in ask.texts(f"_dmarc.{domain}") if re.match(r"v\s*=\s*DMARC1\s*(?:;|\Z)", text)]
    if len(texts) != 1:
        return None
    pairs = (_TAG.match(piece) for piece in texts[0].split(";")[:50])
    return {pair[1].lower(): pair[2] for pair in reversed([pair for pair in pairs if pair])}


# --------------------------------------------------------------------- how it is told


def field(own: str, sending: Sending, signatures: Sequence[Signature], verdict: Verdict) -> bytes:
    """RFC 8601 section 2.2. Only names that `auth_dns.NAME` knows get in, so nothing in it can be forged."""
    told = [f"spf={sending.result}" + (f" smtp.{sending.identity}={sending.domain}" if sending.domain else "")]
    told += [
        f"dkim={one.result}" + (f" header.d={one.domain} header.s={one.selector}" if one.domain else "")
        for one in signatures
    ]
    policy = f" (p={verdict.policy})" if verdict.policy else ""
    told.append(f"dmarc={verdict.result}{policy}" + (f" header.from={verdict.domain}" if verdict.domain else ""))
    return _written(own, told)


def late(own: str) -> bytes:
    """The field about a letter that could not be looked at in time: it vouches for nothing."""
    return _written(own, ["spf=temperror", "dmarc=temperror"])


def _written(own: str, told: Sequence[str]) -> bytes:
    return (f"Authentication-Results: {own};\r\n\t" + ";\r\n\t".join(told) + "\r\n").encode("ascii")
