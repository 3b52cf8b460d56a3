"""Delivery reports: is this letter one, and of whom does it speak.

It refuses to know our own letters; whose bounce it is is decided by tokens and ids
elsewhere. Called by `machine` and `reading`. RFC 3464 reports are read field by field;
their home-made relatives by what all of them have: a phrase, an address near it, a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from maild.core.mail import charsets, headers, notices, structure
from maild.core.mail.structure import Part
from maild.core.model import Bounce, BouncedRecipient

MAX_LINES = 2_000  # of a home-made report looked at; the longest real one has about 300
MAX_LINE = 1_000  # characters of one line
MAX_RECIPIENTS = 200
MAX_REPORT_BYTES = 200_000  # of one delivery-status part

GOOD = frozenset({"delivered", "relayed", "expanded"})  # actions of a receipt, RFC 3464 section 2.3.3
DAEMONS = ("mailer-daemon", "mailerdaemon", "mail-daemon", "mailer_daemon", "mdaemon", "maildaemon", "mail_daemon")
_DAEMON_NAMES = ("mail delivery subsystem", "mail delivery system", "mail administrator", "mail system", "mailsystem")

_SUBJECT = re.compile(
    r"(?:\[?(?:spam|warning|ext)\]?:? *)?(?:"
    r"undeliver|undelivered|non[- ]?deliver|not[- ]deliver|ndn\b|ndr\b|failure notice|failure delivery|failed mail|"
    r"mail(?: message)? (?:delivery )?(?:fail|error|could not|not deliver|undeliver|status rep)|"
    r"message (?:delivery|not deliver|status)|"
    r"mail system error|returned (?:mail|e-?mail|message|to sender)|return(?:ed)? mail|delivery (?:fail|status|"
    r"notif|report|error|"
    r"has failed|unsuccess|problem)|error (?:sending|delivering)|could not (?:be )?(?:deliver|send)|"
    r"unable to deliver|user unknown|"
    r"message (?:was )?(?:undeliver|not sent)|warning: (?:message|could not)|permanent delivery|"
    r"transient delivery|bounced?\b|"
    r"delayed mail|mail delayed|message delayed|delivery delayed|(?:e-?)?mail (?:was )?returned|warning: e?mail|"
    r"unzustellbar|nicht zustellbar|zustellung|unzustellbare|fehler beim (?:zustellen|senden)|"
    r"non remis|non distribuable|échec de (?:remise|la remise|distribution|livraison)|message non (?:remis|"
    r"délivré|distribu)|"
    r"retour de mail|no se puede entregar|no entregado|notificaci[oó]n de estado|error en la entrega|"
    r"mancato recapito|messaggio non (?:recapit|consegn)|impossibile recapitare|n[aã]o (?:é possível entregar|"
    r"entregue)|"
    r"falha (?:na|de) entrega|niet[- ]?bestelbaar|onbestelbaar|kan inte levereras|ikke leveres|kunne ikke leveres|"
    r"olevererbart|nie mo[zż]na dostarczy|niedostarcz|недоставлен|не доставлен|не удалось доставить|"
    r"loop alert|you \S{1,320} are not member|"  # list managers that send a letter back
    r"配信|送信できません|未配達|エラーメール|无法投递|退信|无法送达|投递失败|系统退信|傳遞失敗"
    r")",
    re.IGNORECASE,
)
_FIXED = re.compile(  # what mail systems always write and nobody types
    r"undelivered mail returned to sender\Z|mail delivery failed: returning message to sender\Z|"
    r"delivery status notification \((?:failure|delay)\)|returned mail: see transcript for details\Z|"
    r"mail system error - returned mail\Z",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"(?:could not|cannot|can ?not|can't|couldn't|was not|not) be (?:delivered|sent|reached)|"
    r"(?:following|these|this) (?:address(?:es)?|recipients?(?:\(s\))?|destinat\w+|user)|undeliver|"
    r"(?:unable|failed|not able|wasn't able) to (?:deliver|send|complete)|permanent (?:fatal )?error|"
    r"delivery (?:to|of|has|failed|attempt)|"
    r"(?:user|recipient|mailbox|account|address) (?:is )?(?:unknown|not found|unavailable|rejected|full|"
    r"disabled|does ?n[o']t exist)|"
    r"no such (?:user|address|mailbox|person|recipient)|unknown (?:user|recipient|address|local part)|"
    r"returned to (?:the )?sender|"
    r"failed recipient|(?:over|exceeded) (?:its |the )?(?:storage |disk )?quota|quota exceeded|"
    r"5\d\d[ -]5\.\d+\.\d+|rejected your message|message (?:was )?(?:undeliver|not delivered|rejected|delayed)|"
    r"not a member of this|duplicated message-id|"
    r"konnte(?:n)? nicht (?:zugestellt|ausgeliefert)|n'a pas pu|no (?:ha podido|se pudo)|配信できません|"
    r"送信できません|退回",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\w.+=-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}")
_LEADS = re.compile(
    r"[\s>*\"'(-]*(?:[45]\d\d[ -](?:[45]\.\d\.\d )?)?(?:(?:smtp|rfc822)[:;]\s*)?"
    r"(?:(?:to|addressed to|recipient|recipients|user|address|"
    r"original recipient|generated from:?|originally addressed to|"
    r"final recipient|failed recipient|recipient address|rcpt to|intended recipient|"
    r"delivery to)\s*[:=]?\s*)?[<\"'(\[]{0,2}\Z",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"unknown|reject|fail|not (?:found|exist|listed|deliver|known|valid|accept)|no such|doesn't|does not|"
    r"invalid|full|quota|"
    r"unavailable|disabled|refused|denied|rcpt to|recipient|\b[45]\d\d\b|\b[45]\.\d\.\d|undeliver|deliver",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:following|these) (?:address|recipient|destination)[^\n@]{0,80}$", re.IGNORECASE | re.MULTILINE
)
_OTHERS = re.compile(
    r"(?:contact|mail from|sender|from|postmaster|help|support|forward|originator|return-path|reply-to|"
    r"message-id|^id\b)\W{0,4}\w*\W{0,3}\Z",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*(?:[-=_*#> ]{2,}.{0,40}(?:original|returned|copy|header|undelivered|unsent|message text|rejected|"
    r"bounced|below)|"
    r"(?:the )?(?:original|returned|undelivered|unsent) (?:message|mail|e-?mail)|--- below this line|"
    r"(?:return-path|received|message-id|x-mailer|mime-version|dkim-signature)\s*:)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_ERROR = re.compile(
    r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])"
)  # in prose: successes of a transcript do not count
_REPLY = re.compile(r"(?<![\d.-])([45]\d\d)(?=[ -](?!\d{2,}-)|\Z)")  # and no piece of a telephone number
_DELAYED = re.compile(
    r"delayed|still be (?:tried|attempted)|will be (?:tried|retried)|keep trying|continue (?:to try|trying)|temporary|"
    r"no action is required|warning message only|do not need to resend|deferred",
    re.IGNORECASE,
)
_FINAL = re.compile(r"permanent|given up|giving up|gave up", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"^[ \t>]*Message-I[dD]:[ \t]*(?:\n[ \t]+)?<([^<>\s]{1,500})>", re.MULTILINE | re.IGNORECASE)
_TO = re.compile(r"^[ \t>]*(?:X-)?(?:Original-)?To:[ \t]*([^\n]{1,500})", re.MULTILINE | re.IGNORECASE)
_MAIL_FROM = re.compile(r"^Original-Mail-From:[ \t]*<?([^<>\s]{1,320})>?", re.MULTILINE | re.IGNORECASE)
_REPORT_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})


def sign(
    fields: Mapping[str, tuple[str, ...]], senders: Iterable[str], names: Iterable[str], root: Part, text: str
) -> str:
    """Which sign makes the letter a delivery report; "" if none does."""
    for part in root.walk():
        if part.type in _REPORT_TYPES:
            return "a delivery-status part (RFC 3464)"
    if root.type == "multipart/report" and root.parameters.get("report-type", "").lower() == "delivery-status":
        return "Content-Type: multipart/report; report-type=delivery-status (RFC 3464)"
    for name in ("x-failed-recipients", "x-ms-embedded-report"):  # Exim and Exchange
        if name in fields:
            return name
    subject = (fields.get("subject") or ("",))[0]
    locals_ = [sender.partition("@")[0].lower().replace("post_master", "postmaster") for sender in senders]
    sent_by = " ".join((*names, *fields.get("from", ()))).lower()[:1_000]
    if any(local.startswith(DAEMONS) for local in locals_) or any(
        name in sent_by for name in (*_DAEMON_NAMES, *DAEMONS)
    ):
        return "From: a mail system"
    told = bool(_SUBJECT.match(subject))
    head = text[:3_000]
    if "postmaster" in locals_ and (told or _PHRASE.search(head)):
        return "From: postmaster, about a delivery"
    path = (fields.get("return-path") or ("x",))[0].strip("<> ").lower()
    if (not path or path.startswith(DAEMONS)) and (told or _PHRASE.search(head)) and _ADDRESS.search(head):
        return "Return-Path: <>, about a delivery"
    if _FIXED.match(subject):
        return "Subject of a delivery report"
    if told and _PHRASE.search(head) and _ADDRESS.search(head):
        return "Subject and text of a delivery report"
    if notices.kind(text) == "Bounce":
        return "notificationType: Bounce (Amazon SES)"
    return ""


def read(raw: bytes, root: Part, fields: Mapping[str, tuple[str, ...]], own: Iterable[str], text: str) -> Bounce:
    """What the report says. `own` are the addresses of the report's own header: never who failed."""
    reports = [part for part in root.walk() if part.type in _REPORT_TYPES]
    recipients = _reported(raw, reports) or _reported(raw, _reports_inside(raw, root)) or notices.recipients(text)
    report, original = _halves(text)
    enclosed = _enclosed(raw, root) or original
    if not recipients:
        recipients = _from_words(fields, {address.lower() for address in own}, report, enclosed)
    found = _MESSAGE_ID.search(enclosed[:MAX_REPORT_BYTES])
    noticed = notices.permanent(text)
    return Bounce(
        recipients=tuple(recipients[:MAX_RECIPIENTS]),
        original_message_id=found[1] if found else notices.message_id(text),
        permanent=_permanent(recipients, report) if noticed is None else noticed,
    )


def complaint(raw: bytes, root: Part, text: str) -> Bounce:
    """Which letter of ours a complaint is about (RFC 5965): its id, and the envelope sender it had.

    The providers that send these take out who complained, so that nothing else in it tells.
    """
    enclosed = _enclosed(raw, root) or _halves(text)[1]
    parts = (part for part in root.walk() if part.type == "message/feedback-report")
    told = "".join(charsets.decode(part.data(raw)[:MAX_REPORT_BYTES]) for part in parts)
    message_id, mail_from = _MESSAGE_ID.search(enclosed[:MAX_REPORT_BYTES]), _MAIL_FROM.search(told)
    return Bounce(
        original_message_id=message_id[1] if message_id else notices.message_id(text),
        original_mail_from=mail_from[1] if mail_from else "",
    )


def _reports_inside(raw: bytes, root: Part) -> list[Part]:
    """Status parts of a report that a gateway put whole into a report of its own."""
    for part in root.walk():
        if part.type == "message/rfc822" and part.encoding not in ("base64", "quoted-printable"):
            block = headers.split(raw, part.start, part.end)
            inner, _ = structure.tree(raw, structure.fields_of(block), block.body, part.end)
            return [found for found in inner.walk() if found.type in _REPORT_TYPES]
    return []


def _reported(raw: bytes, parts: Iterable[Part]) -> list[BouncedRecipient]:
    """Per-recipient fields of RFC 3464 section 2.3; blocks may lack the empty line between them."""
    out: list[BouncedRecipient] = []
    for part in parts:
        data = part.data(raw)[:MAX_REPORT_BYTES].replace(b"\r\n", b"\n")
        text = re.sub(r"\n[ \t]+(?=\S)", " ", charsets.decode(data))
        block: dict[str, str] = {}
        for line in (*text.split("\n"), ""):
            name, colon, value = line.partition(":")
            name = name.strip().lower()
            if (not colon and not line.strip()) or (name in block and name.endswith("-recipient")):
                _flush(block, out)
                block = {}
            if colon and name not in block:
                block[name] = value.strip()
    return out


def _flush(block: Mapping[str, str], out: list[BouncedRecipient]) -> None:
    final, original = _recipient(block.get("final-recipient", "")), _recipient(block.get("original-recipient", ""))
    # whom we wrote to, if the report remembers it: the final recipient may be an alias we never heard of
    address = original if original and "." in original.rpartition("@")[2] else final or original
    if not address or len(out) >= MAX_RECIPIENTS:
        return
    diagnostic = " ".join(block.get("diagnostic-code", "").split())
    action = block.get("action", "").split(";")[0].split("(")[0].strip().lower()
    status = _STATUS.search(block.get("status", "")) or _STATUS.search(diagnostic)
    out.append(
        BouncedRecipient(
            address=address,
            status=".".join(status.groups()) if status else _class_of(block.get("status", "") or diagnostic),
            action={"failure": "failed", "fail": "failed", "delay": "delayed"}.get(action, action),
            diagnostic=diagnostic[:MAX_LINE],
        )
    )


def _class_of(text: str) -> str:
    """A status from an SMTP reply code alone: only its class is known (RFC 3463 section 3.1)."""
    found = _REPLY.search(text)
    return f"{found[1][0]}.0.0" if found else ""


def _recipient(value: str) -> str:
    """The address of a "rfc822; user@example" field (RFC 3464 section 2.3.1)."""
    address = value.rpartition(";")[2].strip().strip("<>\"' ")
    found = _ADDRESS.search(address)
    return found[0].rstrip(".") if found else (address if "@" in address else "")


def _halves(text: str) -> tuple[str, str]:
    """A report in one piece as (what the mail system says, the copy of our letter)."""
    lines = text.split("\n", MAX_LINES)
    for number, line in enumerate(lines[:MAX_LINES]):
        if number > 1 and _ORIGINAL.match(line[:MAX_LINE]):
            said = "\n".join(lines[:number])
            if _ADDRESS.search(said):
                return said, "\n".join(lines[number:])
    return "\n".join(lines[:MAX_LINES]), ""


def _enclosed(raw: bytes, root: Part) -> str:
    """The head of the returned letter, if it is a part of its own."""
    for part in root.walk():
        if part.type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"):
            return charsets.decode(part.data(raw)[:MAX_REPORT_BYTES]).replace("\r\n", "\n")
    return ""


def _from_words(
    fields: Mapping[str, tuple[str, ...]], own: set[str], report: str, original: str
) -> list[BouncedRecipient]:
    """Who failed, from X-Failed-Recipients, else from the report's words, else from the returned letter's To."""
    named = _ADDRESS.findall(" ".join(fields.get("x-failed-recipients", ()))[: headers.MAX_STRUCTURED])
    heading = _HEADING.search(report)
    below = _told(report[heading.end() :], own) if heading else []
    addresses = list(dict.fromkeys(named)) or below or _told(report, own) or _told(report, set())
    if not addresses and (to := _TO.search(original)):
        addresses = _ADDRESS.findall(to[1])[:1]
    status = _ERROR.search(report)
    code = ".".join(status.groups()) if status else _class_of(report)
    return [BouncedRecipient(address=address, status=code, action="") for address in addresses]


def _told(report: str, own: set[str]) -> list[str]:
    """Addresses that begin a line or stand in one that speaks of an error: the former outweigh the latter."""
    leading: dict[str, str] = {}
    mentioned: dict[str, str] = {}
    for line in report.split("\n"):
        line = line[:MAX_LINE]
        if "@" not in line:
            continue
        for found in _ADDRESS.finditer(line):
            address = found[0].rstrip(".").strip("'")
            in_x400 = address[:5].lower() == "smtp="
            address = address[5:] if in_x400 else address
            folded = address.lower()
            if folded in own or folded.startswith(("postmaster@", "abuse@", *DAEMONS)):
                continue
            before = line[: found.start()]
            if in_x400 or _LEADS.match(before):
                leading.setdefault(folded, address)
            elif _TELLS.search(line) and not _OTHERS.search(before):
                mentioned.setdefault(folded, address)
    return list((leading or mentioned).values())


def _permanent(recipients: list[BouncedRecipient], report: str) -> bool | None:
    """Whether trying again is pointless: from the status' class, else the action, else the words."""
    classes = {found.status[0] for found in recipients if found.status}
    actions = {found.action for found in recipients}
    if "failed" in actions and classes & {"4", "5"}:
        return "5" in classes
    if actions & {"delayed"}:
        return False
    if actions and actions <= GOOD:
        return None
    if classes & {"4", "5"}:
        return "5" in classes
    if "failed" in actions:
        return True
    if not report.strip():
        return None
    return bool(_FINAL.search(report[:5_000])) or not _DELAYED.search(report[:5_000])
