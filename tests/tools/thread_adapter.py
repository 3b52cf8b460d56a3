"""Drives the real desk on a real store for a threading stress test: one JSON line in, one out.

Operations: reset, resume, in, agent_reply, close, merge, count; whoever runs it says what they
expect. Everything is the product's own: letters are accepted and worked by the desk, agents
answer through it, and outgoing letters are written from the templates.
"""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maild import config, letters, paths
from maild.core.identity import fold
from maild.core.mail import read
from maild.core.matching import is_ours
from maild.core.model import EntryKind, Envelope, Fate
from maild.desk import Desk
from maild.letters import Outgoing
from maild.store import migrate, open_store

ENTIRE = {
    Fate.TICKET: "new_ticket",
    Fate.REPLY: "reply",
    Fate.NOTE: "reply",
    Fate.COMMAND: "reply",
    Fate.BOUNCE: "bounce",
    Fate.DUPLICATE: "duplicate",
    Fate.IGNORED: "ignored",
    Fate.REFUSED: "rejected",
    Fate.QUARANTINED: "held",
}
BEGIN = """[desk]
name = "Desk Support"
tag = "DESK"
domain = "desk.example.com"
admin = "admin@elsewhere.example"
"""


class Desktop:
    """A desk in a directory, at whatever time the stress test says it is."""

    def __init__(self, request: dict[str, Any]) -> None:
        home = Path(request["state_dir"])
        path = home / "config.toml"
        if not path.exists():
            path.write_text(_toml(request), encoding="utf-8")
            (home / "rules").mkdir()
            config.new_secret_file(home / "secret.key")
            (home / "data").mkdir()
            migrate(config.load(path).store.url)
        self.policy = config.policy(config.load(path))
        self.store = open_store(config.load(path).store.url)
        self.now = datetime.now(UTC)
        self.desk = Desk(self.store, self.policy, lambda: self.now, worker="stress")
        self.store.release("stress")
        self.resumed = request["op"] == "resume"
        self.templates = letters.load([paths.TEMPLATES])

    def comes(self, request: dict[str, Any]) -> dict[str, Any]:
        """A letter is delivered; what became of it."""
        self.now = datetime.fromtimestamp(request["t"], UTC)
        raw = base64.b64decode(request["eml_b64"])
        before = self.store.outbox(limit=1)
        last = before[0].outbox_id if before else 0
        self.desk.accept(self._envelope(raw)).result()
        while self.desk.work():
            pass
        row = self.store.ledger(limit=1)[0]
        if row.fate == Fate.DUPLICATE and row.ticket is None:  # the ledger names the letter it is a copy of
            first = self.store.letter(int(row.reason.split()[-1]))
            if first and self.resumed:  # delivered again because nobody heard the answer: it is the first's
                row = first
            elif first:
                row = replace(row, ticket=first.ticket)
        self.resumed = False
        sent = [one for one in self.store.outbox(limit=20) if one.outbox_id > last]
        answer: dict[str, Any] = {"ticket": row.ticket, "reason": row.reason, "role": "customer"}
        answer["outcome"] = ENTIRE.get(row.fate, "reply" if row.ticket else "ignored") if row.fate else "held"
        answer["auto_response"] = any(one.letter.automatic == "auto-replied" for one in sent)
        if row.ticket:
            entry = self.store.entries(row.ticket)[-1]
            answer["flagged"] = entry.mail_id == row.mail_id and not entry.public
        return answer

    def _envelope(self, raw: bytes) -> Envelope:
        message = read(raw)
        named = [fold(a.email) for a in (*message.to, *message.cc)]
        named += [fold(value) for value in message.headers.get("delivered-to", ())]
        rcpts = tuple(dict.fromkeys(a for a in named if is_ours(a, self.policy))) or (self.policy.addresses[0].email,)
        sender = message.header("return-path").strip("<> ")
        return Envelope(raw=raw, mail_from=sender, rcpts=rcpts, received_at=self.now, door="stress")

    def answers(self, request: dict[str, Any]) -> dict[str, Any]:
        """An agent answers a ticket; the letter that leaves."""
        self.now = datetime.fromtimestamp(request["t"], UTC)
        agent = next(iter(self.policy.agents))
        self.desk.command(request["ticket"], request["text"], agent)
        row = next((one for one in self.store.outbox(limit=10) if one.letter.template == "response"), None)
        ticket = self.store.ticket(request["ticket"])
        if row is None or row.number != request["ticket"] or ticket is None:
            return {}
        words = [entry for entry in self.store.entries(ticket.number) if entry.kind == EntryKind.RESPONSE]
        outgoing = Outgoing(row.outbox_id, ticket, row.letter, words[-1])
        written = self.templates.render(outgoing, self.policy, self.now)
        self.store.outbox_fix([(row.outbox_id, written.message_id, written.raw)])
        message = read(written.raw)
        return {
            "message_id": f"<{written.message_id}>",
            "subject": message.subject,
            "reply_to": message.reply_to[0].email,
            "token": next(word for word in message.subject.split() if word.startswith("[DESK-")),
        }

    def closes(self, request: dict[str, Any]) -> dict[str, Any]:
        self.desk.command(request["ticket"], "#close silent", next(iter(self.policy.agents)))
        return {}

    def merges(self, request: dict[str, Any]) -> dict[str, Any]:
        self.desk.command(request["ticket"], f"#merge {request['into']}", next(iter(self.policy.agents)))
        return {}

    def counts(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request["eml_id"].strip("<>")
        rows = self.store.ledger(limit=100_000)
        return {"count": sum(row.message_id == wanted and row.fate != Fate.DUPLICATE for row in rows)}


def _toml(request: dict[str, Any]) -> str:
    parts = [BEGIN]
    parts += [f"[[address]]\naddress = {json.dumps(address)}\n" for address in request["own_addresses"]]
    parts.append('[team.support]\nname = "Support"\n[defaults]\nteam = "support"\n')
    parts.append(f"[authentication]\ntrusted = [{json.dumps(request['authserv_id'])}]\n")
    parts.append("[acknowledgement]\nper_sender_per_day = 1000\n")
    for number, agent in enumerate(request["agents"]):
        email, name = json.dumps(agent["address"]), json.dumps(agent["name"])
        parts.append(f'[agent.a{number}]\nname = {name}\nemail = {email}\nteams = ["support"]\n')
    return "\n".join(parts)


def main() -> None:
    desk: Desktop | None = None
    for line in sys.stdin:
        request = json.loads(line)
        operation = request["op"]
        answer: dict[str, Any] = {}
        try:
            if operation in ("reset", "resume"):
                desk = Desktop(request)
            elif desk is not None:
                does = {
                    "in": desk.comes,
                    "agent_reply": desk.answers,
                    "close": desk.closes,
                    "merge": desk.merges,
                    "count": desk.counts,
                }
                answer = does[operation](request)
        except Exception as error:  # noqa: BLE001 - the runner counts it
            answer = {"crash": repr(error)[:300]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
