"""How many damaged tokens are accepted out of ten million. There is one right answer.

Reply addresses and Message-IDs that somebody made up, cut, lengthened, mistyped, put together
from two genuine ones, signed with another key or used where another kind belongs. (The token in
subjects is no part of this: its 20 bits are short enough for the telephone, and prove nothing.)
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maild.core import tokens
from maild.core.model import Purpose
from maild.core.policy import Keys
from maild.letters.samples import _POLICY
from tests.bench import machine

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
PURPOSES = tuple(purpose for purpose in Purpose if purpose is not Purpose.MESSAGE_ID)


def genuine(chance: random.Random, keys: Keys, purpose: Purpose | None = None) -> str:
    """A token as this desk makes them, about any ticket and anybody."""
    expires = chance.choice([None, NOW + timedelta(days=90)])
    return tokens.mint(
        keys,
        purpose or chance.choice(PURPOSES),
        chance.randrange(1, 10 ** chance.randrange(1, 9)),
        chance.randrange(10**5),
        expires,
        chance.randrange(10**6),
    )


def damages(chance: random.Random, ours: Keys, theirs: Keys) -> dict[str, Callable[[str], str]]:
    """Each way to damage a genuine token; none gives a genuine one back."""

    def mistyped(token: str) -> str:
        at = chance.randrange(len(token))
        return token[:at] + chance.choice(LETTERS.replace(token[at], "")) + token[at + 1 :]

    def cut(token: str) -> str:
        lost = chance.randrange(1, len(token))
        return chance.choice([token[lost:], token[:-lost]])

    def longer(token: str) -> str:
        more = "".join(chance.choices(LETTERS, k=chance.randrange(1, 20)))
        return chance.choice([token + more, more + token, token + "=", token + token])

    def spliced(token: str) -> str:
        other = genuine(chance, ours)
        return token[:-16] + other[-16:] if token[:-16] != other[:-16] else mistyped(token)

    return {
        "made up": lambda token: "".join(chance.choices(LETTERS, k=chance.randrange(20, 70))),
        "mistyped": mistyped,
        "cut": cut,
        "longer": longer,
        "spliced": spliced,
        "signed by others": lambda token: genuine(chance, theirs),
        "a Message-ID's": lambda token: genuine(chance, ours, Purpose.MESSAGE_ID),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000, help="damaged tokens (default: ten million)")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    ours, theirs = (Keys(current=0, secrets={0: chance.randbytes(32)}) for _ in range(2))
    policy = replace(_POLICY, keys=ours)
    ways = list(damages(chance, ours, theirs).items())
    tried: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    begun, token = time.perf_counter(), ""
    for number in range(asked.count):
        if number % 50 == 0:
            token = genuine(chance, ours)
            assert tokens.address_token(policy, f"support+{token}@bank.example", NOW), "the undamaged one is taken"
        name, damage = ways[number % len(ways)]
        damaged = damage(token)
        tried[name] += 1
        if tokens.address_token(policy, f"support+{damaged}@bank.example", NOW) is not None:
            accepted[name] += 1
        if name != "a Message-ID's" and tokens.message_id_token(policy, f"m.{damaged}@bank.example") is not None:
            accepted[name] += 1
    print(
        json.dumps(
            {
                "benchmark": "tokens",
                "machine": machine.facts(),
                "seed": asked.seed,
                "damaged": dict(tried),
                "accepted": accepted.total(),
                "accepted_of": dict(accepted),
                "seconds": round(time.perf_counter() - begun, 1),
            }
        )
    )
    return 1 if accepted else 0


if __name__ == "__main__":
    sys.exit(main())
