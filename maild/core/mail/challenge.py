"""Letters that ask for a proof: of being a person (challenges), of reading our mail (verifications).

A stranger's spam filter asks the first; a service somewhere asks the second when somebody has signed
up there with an address of ours, and whoever reads its code then speaks for us. It refuses to answer
them; a desk that did would confirm forged senders. Called by `machine`. A subject alone is never
enough: people ask for confirmation, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_TEXT = 3_000  # characters searched: the request stands at the top
MAX_SUBJECT = 300

_FIELDS = (  # written by the filters themselves
    "x-tmda-fingerprint",
    "x-boxbe-challenge",
    "x-spamarrest-challenge",
    "x-spam-challenge",
    "x-choicemail-registration-request",
    "x-asg-challenge",
    "x-qconfirm",
    "x-bluebottle-request",
)
_SUBJECT = re.compile(
    r"(?:please )?(?:confirm|verify|authenticate) (?:your |the )?"
    r"(?:message|e-?mail|mail|delivery|sender|address|that you)|"
    r"(?:sender|e-?mail|address) (?:address )?(?:verification|confirmation|authentication)|"
    r"(?:your )?(?:message|e-?mail|mail).{0,60}(?:requires|needs|awaits|awaiting|waiting for|is waiting for) "
    r"(?:your |sender )?(?:confirmation|verification|approval)|"
    r"(?:confirmation|verification|action) (?:is )?(?:required|needed)|challenge|"
    r"bitte bestätigen sie|bestätigung (?:ihrer|der) (?:e-?mail|nachricht|zustellung)|"
    r"(?:veuillez )?confirme[rz] (?:votre|l'envoi)|demande d['’]authentification|"
    r"confirme (?:su|el|seu|o) (?:mensaje|correo|e-?mail)|conferma(?:re)? (?:il|la|del) (?:messaggio|tua)",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"(?:has|have) (?:not been delivered yet|been (?:held|quarantined|placed on hold|stopped))|"
    r"(?:is|was) being held|"
    r"(?:add|put) you (?:to|on) (?:my|the|his|her) (?:list|guest list|approved|white|allow)|"
    r"prove (?:that )?you(?:'re| are) (?:a )?(?:human|person|real)|not (?:a )?(?:spam ?bot|robot|automated)|"
    r"(?:challenge[/-]response|one[- ]time (?:verification|confirmation|authentication))|"
    r"(?:uses|using|protected by|because of) (?:an? )?"
    r"(?:anti-?spam|spam ?arrest|boxbe|tmda|mailblocks|choicemail|sender verification|confirmation system)|"
    r"(?:reply to this (?:message|e-?mail)|click (?:on )?(?:the|this) link).{0,80}"
    r"(?:to (?:release|deliver|have your)|so that your|and your (?:message|e-?mail) will)|"
    r"(?:wird|wurde) (?:zurückgehalten|erst zugestellt)|(?:est|a été) (?:retenu|mis en attente)|"
    r"(?:está|ha sido) retenido",
    re.IGNORECASE | re.DOTALL,
)

_PROVES = re.compile(
    r"(?:verif|confirm|activat|validat)\w{0,4} (?:your |the |this )?(?:new )?"
    r"(?:e-?mail|address|account|sign[- ]?up|registration|identity|log-?in|device)|"
    r"(?:verification|confirmation|security|log-?in|sign[- ]?in|one[- ]time|access|authentication|activation) "
    r"(?:code|link|password|passcode|pin|token)|(?:reset|forgot|change) (?:your |the )?password|password reset|"
    r"magic link|\botp\b|(?:use|enter) (?:this|the following) code|"
    r"bestätigen? (?:sie )?(?:ihre|deine) (?:e-?mail|adresse|registrierung|anmeldung)|"
    r"(?:bestätigungs|sicherheits|zugangs|anmelde|verifizierungs)-?(?:code|link)|"
    r"passwort zurück|einmal-?(?:code|passwort)|"
    r"code de (?:vérification|confirmation|sécurité|connexion)|confirmez votre (?:adresse|compte|inscription|e-?mail)|"
    r"código de (?:verificación|seguridad|confirmación|acceso|verificação|segurança)|"
    r"(?:verifi(?:que|ca)|confirm[ae]) (?:su|tu|seu) (?:cuenta|correo|conta|e-?mail)|"
    r"codice di (?:verifica|sicurezza|accesso)|(?:verificatie|bevestigings)code|bevestig (?:je|uw) ",
    re.IGNORECASE,
)
_PROOF = re.compile(r"https?://|\b\d{4,8}\b|\b\d{3}[ -]\d{3}\b|\b[A-Z0-9]{3,5}-[A-Z0-9]{3,5}\b")


def proves(subject: str, text: str) -> bool:
    """Whether a letter of a program brings a code or link that proves to somebody else who reads our mail."""
    words = f"{subject[:MAX_SUBJECT]}\n{text[:MAX_TEXT]}"
    return bool(_PROVES.search(words) and _PROOF.search(words))


def sign(fields: Mapping[str, tuple[str, ...]], text: str) -> str:
    """Which sign makes the letter a challenge; "" if none does."""
    for name in _FIELDS:
        if name in fields:
            return f"{name}: a challenge"
    subject = (fields.get("subject") or ("",))[0][:MAX_SUBJECT]
    if subject and _SUBJECT.search(subject) and _TEXT.search(text[:MAX_TEXT]):
        return f"Subject: {subject[:60]} (a challenge)"
    return ""
