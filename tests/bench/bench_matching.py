"""What does it cost to know which ticket a letter means, in a desk that holds 100,000?

The desk is filled as `bench_size` does it. Then letters that have been read already are walked
through gathering evidence, recalling facts and matching, one by one and a hundred at once: each
carries twelve references and one thing that leads to its ticket, and that is checked. A letter
without any, and a letter whose reply address is a guess, show what strangers cost.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from maild import config
from maild.core import matching, tokens
from maild.core.evidence import gather
from maild.core.model import Address, Envelope, Message, Purpose, Ticket
from maild.core.policy import Policy
from maild.store import Store, open_store
from maild.store.schema import FIRST_TICKET
from tests.bench import bench_size, machine

REFERENCES = 12  # mail clients keep about so many
LETTERS = 500  # of each kind


@dataclass(frozen=True, slots=True)
class Sample:
    """A letter, and the ticket it means."""

    message: Message
    envelope: Envelope
    expected: int | None


Make = Callable[[Policy, Ticket, dict[str, object]], str]  # puts the evidence in; answers with the recipient


def _address(policy: Policy, ticket: Ticket, fields: dict[str, object]) -> str:
    expires = datetime.now(UTC) + tokens.REQUESTER_REPLY_LIFE
    principal = ticket.requester.id
    return tokens.reply_address(policy, ticket.address, Purpose.REQUESTER_REPLY, ticket.number, principal, expires)


def _our_id(policy: Policy, ticket: Ticket, fields: dict[str, object]) -> str:
    fields["in_reply_to"] = (tokens.message_id(policy, ticket.number, ticket.requester.id, 7),)
    return ticket.address


def _stored_id(policy: Policy, ticket: Ticket, fields: dict[str, object]) -> str:
    fields["in_reply_to"] = (ticket.last_message_id,)
    return ticket.address


def _subject(policy: Policy, ticket: Ticket, fields: dict[str, object]) -> str:
    fields["subject"] = f"AW: {tokens.subject_token(policy.keys, policy.tag, ticket.number)} {ticket.subject}"
    return ticket.address


def _nothing(policy: Policy, ticket: Ticket, fields: dict[str, object]) -> str:
    return ticket.address


def _guess(policy: Policy, ticket: Ticket, fields: dict[str, object]) -> str:
    return ticket.address.replace("@", f"{policy.separator}{'a' * 40}@")


KINDS: dict[str, Make] = {
    "reply address": _address,
    "our Message-ID": _our_id,
    "stored Message-ID": _stored_id,
    "subject token": _subject,
    "nothing": _nothing,
    "a guess": _guess,
}


def samples(kind: str, store: Store, policy: Policy, held: int, dice: random.Random) -> list[Sample]:
    """Letters of one kind about tickets all over the desk."""
    made = []
    for n in range(LETTERS):
        ticket = store.ticket(FIRST_TICKET + dice.randrange(held))
        assert ticket is not None
        foreign = tuple(f"{dice.getrandbits(64):x}@mail.customer.example" for _ in range(REFERENCES))
        fields: dict[str, object] = {
            "message_id": f"{kind[:2]}{n}.{dice.getrandbits(64):x}@customer.example",
            "sender": Address(ticket.requester.email),
            "subject": "Re: a question",
            "references": foreign,
        }
        rcpt = KINDS[kind](policy, ticket, fields)
        envelope = Envelope(raw=b"", mail_from="", rcpts=(rcpt,), received_at=datetime.now(UTC), door="bench")
        leads = kind not in ("nothing", "a guess")
        made.append(Sample(Message(**fields), envelope, ticket.number if leads else None))  # type: ignore[arg-type]
    return made


def walk(batch: Sequence[Sample], store: Store, policy: Policy) -> float:
    """Seconds from a letter that is read to the ticket it means, for all of a batch."""
    now = datetime.now(UTC)
    start = perf_counter()
    found = [gather(one.message, one.envelope, policy, now) for one in batch]
    clues = [
        (n, matching.clues(one.message, one.envelope, policy, now, evidence))
        for n, (one, evidence) in enumerate(zip(batch, found, strict=True))
    ]
    facts = store.recall(clues, now)
    matches = [
        matching.match(one.message, one.envelope, fact, policy, now, evidence)
        for one, fact, evidence in zip(batch, facts, found, strict=True)
    ]
    took = perf_counter() - start
    wrong = [one for one, match in zip(batch, matches, strict=True) if _number(match) != one.expected]
    if wrong:
        raise RuntimeError(f"{len(wrong)} letters led to another ticket than {wrong[0].expected}")
    return took


def _number(match: matching.Match) -> int | None:
    return match.ticket.number if match.ticket else None


def measure(directory: Path, held: int) -> list[dict[str, object]]:
    """For each kind of evidence milliseconds a letter, alone and a hundred at once."""
    settings = config.load(directory / "config.toml")
    policy, dice = config.policy(settings), random.Random(4)
    figures: list[dict[str, object]] = []
    with closing(open_store(settings.store.url)) as store:
        for kind in KINDS:
            letters = samples(kind, store, policy, held, dice)
            walk(letters[:100], store, policy)  # caches warm, statements compiled
            alone = sorted(walk([one], store, policy) * 1000 for one in letters)
            groups = [letters[at : at + 100] for at in range(0, LETTERS, 100)]
            together = [walk(group, store, policy) * 1000 / len(group) for group in groups]
            figures.append(
                {
                    "evidence": kind,
                    "alone_ms": round(statistics.median(alone), 3),
                    "alone_99_ms": round(alone[int(len(alone) * 0.99)], 3),
                    "of_a_hundred_ms": round(statistics.median(together), 3),
                }
            )
    return figures


def main(arguments: Sequence[str]) -> None:
    """Print one JSON object for each kind of evidence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000, help="a multiple of 100 (default: %(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
        bench_size.fill(Path(directory, "desk"), options.tickets)
        for figures in measure(Path(directory, "desk"), options.tickets):
            print(json.dumps({"bench": "matching", "tickets": options.tickets, **figures}), flush=True)
    print(json.dumps({"bench": "matching", "machine": machine.facts()}))


if __name__ == "__main__":
    main(sys.argv[1:])
