"""What the SMTP door says: one table from receipts to replies, and the other replies it has.

Each is constant and carries an enhanced code (RFC 3463). It tells a stranger what to do, never
what happened here; that is in the log. The door and its sessions use it.
"""

from __future__ import annotations

from collections.abc import Mapping

from maild.core.model import Receipt

SENDER_OK = "250 2.1.0 sender ok"
RECIPIENT_OK = "250 2.1.5 recipient ok"
NOT_TOLD = "252 2.0.0 send mail to find out"
GO_AHEAD = "354 end with <CR><LF>.<CR><LF>"
HELP = "214 2.0.0 see RFC 5321"
KEPT = "250 2.0.0 kept"
GO_SECURE = "220 2.0.0 ready for TLS"
PROVEN = "235 2.7.0 welcome"
HEARD = "250 2.0.0 noted"

CROWDED = "421 4.7.0 too many connections, please try again later"
HURRIED = "421 4.7.0 too many connections from your network, please try again later"
OVERSTAYED = "421 4.4.2 this session has lasted long enough, please begin another"
ENOUGH = "421 4.3.4 closing"
FAILED = "421 4.3.0 not now, please try again later"
LEAVING = "421 4.3.2 going down, please try again later"
MANY_ERRORS = "421 4.7.0 too many errors, closing"
TIMED_OUT = "421 4.4.2 waited too long, closing"
AUTH_LATER = "454 4.7.0 too many logins, please try again later"
TOO_FAST = "450 4.7.1 too many letters from your network, please try again later"
MANY_RECIPIENTS = "452 4.5.3 too many recipients, send the rest in another transaction"
NO_SPACE = "452 4.3.1 no room now, please try again later"
TRY_LATER = "451 4.3.0 not now, please try again later"

AUTH_GIVEN_UP = "501 5.7.0 given up"
AUTH_WRONG = "535 5.7.8 name or password is wrong"
BAD_AUTH = "501 5.5.2 malformed answer"
BAD_DATA = "501 5.5.4 DATA takes no argument"
BAD_ANNOUNCEMENT = "501 5.5.4 malformed attributes"
BAD_NAME = "501 5.5.4 malformed name"
BAD_STARTTLS = "501 5.5.4 STARTTLS takes no argument"
INJECTED = "421 4.7.0 something came behind STARTTLS, closing"
NOT_PROVEN = "530 5.7.0 log in first"
NOT_HERE = "550 5.7.0 insufficient authorization"
NOT_NOW = "503 5.5.1 not now"
NOT_IMPLEMENTED = "502 5.5.1 not implemented"
NO_MAILBOX = "550 5.1.1 no such mailbox here"
NO_RECIPIENT = "501 5.1.3 a recipient has a name"
NO_RECIPIENTS = "503 5.5.1 no valid recipients"
NO_RELAY = "550 5.7.1 relaying denied"
TOO_BIG = "552 5.3.4 letter is larger than we take"
TOO_MANY_HOPS = "554 5.4.6 too many hops"
UNKNOWN_MECHANISM = "504 5.5.4 there are PLAIN and LOGIN"
UNKNOWN_COMMAND = "500 5.5.1 command not recognized"

RECEIPTS: Mapping[Receipt, str] = {
    Receipt.ACCEPTED: KEPT,
    Receipt.DUPLICATE: KEPT,
    Receipt.TRY_LATER: TRY_LATER,
    Receipt.NO_SPACE: NO_SPACE,
}

# The library's own replies carry no enhanced code; these are what they mean.
_CODES: Mapping[str, str] = {
    "250": "2.0.0",
    "221": "2.0.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "503": "5.5.1",
    "552": "5.3.4",
    "555": "5.5.4",
}


def with_code(reply: str) -> str:
    """A reply of the library with the enhanced code it lacks, and without the peer's words it repeats."""
    if reply[4:6] in ("2.", "4.", "5."):
        return reply
    if reply.startswith("500 Error: command"):
        return UNKNOWN_COMMAND
    code = _CODES.get(reply[:3])
    return reply if code is None else f"{reply[:3]} {code} {reply[4:]}"
