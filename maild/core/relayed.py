"""What a relay's yes tells about the letter it took: the Message-ID it will really travel with.

Some relays give every letter an id of their own and drop ours; the answer of a reader whose
client sends no References then names an id we have never seen. They tell it in the reply to
the final dot. It refuses to know what is done with the ids: the courier hands them to the
store, `matching` looks answers up by them.
"""

from __future__ import annotations

import re

_SES = r"[0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]{6}"
# Amazon SES: "250 Ok 0102018f2c3d4e5f-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-000000".
_SES_REPLY = re.compile(rf"250 (?:2\.\d\.\d )?Ok ({_SES})\.?", re.IGNORECASE)
_SES_ID = re.compile(rf"({_SES})@(?:[a-z0-9-]{{1,40}}\.)?amazonses\.com", re.IGNORECASE)
# Exchange Online: "250 2.6.0 <id@host> [InternalId=123, Hostname=…] 9876 bytes … Queued mail for delivery".
_EXCHANGE_REPLY = re.compile(r"250 2\.6\.0 <([!-;=?-~]{1,400}@[!-;=?-~]{1,255})> \[InternalId=", re.IGNORECASE)


def assigned_ids(reply: str) -> tuple[str, ...]:
    """The bare ids a relay says it gave our letter, as `canonical` writes them; none for most relays.

    Only replies of a known shape are believed: others repeat a recipient's address in <…>, and
    whoever wrote that as a reference would find the ticket.
    """
    if found := _SES_REPLY.match(reply):
        return (canonical(f"{found[1]}@amazonses.com"),)
    if found := _EXCHANGE_REPLY.match(reply):
        return (canonical(found[1]),)
    return ()


def canonical(bare_id: str) -> str:
    """The one spelling of an id that travels under several; every other id as it is.

    SES puts the letter's id before the host of the region that sent it, which its reply does not name.
    """
    found = _SES_ID.fullmatch(bare_id)
    return f"{found[1].lower()}@amazonses.com" if found else bare_id
