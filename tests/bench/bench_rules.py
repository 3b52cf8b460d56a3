"""What rules cost: many of them over one letter, and patterns made to hurt over a letter of 1 MB.

    python -m tests.bench.bench_rules

Compiles no configuration and needs no disk; prints JSON.
"""

from __future__ import annotations

import json
import statistics
import time
from datetime import UTC, datetime

from maild.core.model import Address, Envelope, Message
from maild.core.rules import Case, Names, RawRule, Rule, compile_rules, evaluate
from tests.bench import machine

NAMES = Names(topics=("problem",), teams=("support",), priorities=("low", "high"))
WORDS = "the account was opened at our branch and a card has been sent by post on monday but it never came ".split()
TIMES = 300


def letter(body: str, subject: str = "A question about my account") -> Case:
    message = Message(
        from_=(Address("karen@customer.example", "Karen"),),
        to=(Address("support@bank.example"),),
        subject=subject,
        text=body,
        new_text=body,
        headers={"x-mailer": ("Mutt",), "list-id": ("staff.bank.example",)},
    )
    envelope = Envelope(
        raw=b"",
        mail_from="karen@customer.example",
        rcpts=("support@bank.example",),
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        door="smtp",
    )
    return Case(message=message, envelope=envelope)


def text(size: int) -> str:
    """Words as people write them, so many characters."""
    words = " ".join(WORDS[at * 7 % len(WORDS)] for at in range(size // 4))
    return words[:size]


def rules(tables: list[dict[str, object]]) -> tuple[Rule, ...]:
    compiled, problems = compile_rules(
        [RawRule(file="bench", number=at, table=table) for at, table in enumerate(tables)], NAMES
    )
    if problems:
        raise ValueError(str(problems[0]))
    return compiled


def ordinary(count: int, patterns: int = 0) -> tuple[Rule, ...]:
    """A policy as admins write it: senders, words of the subject, of the body, header fields; none of them hits."""
    kinds = [
        lambda n: {"sender": f"*@host{n}.example"},
        lambda n: {"subject": [f"invoice {n}", f"order {n}"]},
        lambda n: {"subject": {"regex": rf"\b(ticket|case){n}\b"}},
        lambda n: {"header": {"List-Id": f"list{n}"}},
        lambda n: {"body": [f"contract number {n}", f"meter {n}"]},
    ]
    tables: list[dict[str, object]] = [
        {"name": f"r{n}", "when": kinds[n % len(kinds)](n), "then": {"team": "support"}}
        for n in range(count - patterns)
    ]
    tables += [
        {
            "name": f"p{n}",
            "when": {"body": {"regex": rf"\b(?:\w+-)?(error|alarm|fault) ?{n}:? +(\w+)\b.*down$"}},
            "then": {"team": "support"},
        }
        for n in range(patterns)
    ]
    return rules(tables)


def cost(some: tuple[Rule, ...], case: Case) -> float:
    """Median milliseconds of judging one letter; every time the letter is new to the rules."""
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        evaluate(some, case)
        took.append(time.perf_counter() - started)
    return round(1000 * statistics.median(took), 3)


def evil() -> list[str]:
    """A hundred patterns that hang or slow engines."""
    shapes = [
        r"(a+)+$", r"(a|a)*b", r"(a|aa)+$", r"(.*a){20}$", r"(x+x+)+y", r"([a-zA-Z]+)*$", r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(.*)(.*)(.*)(.*)z{2}", r"[ab]*a[ab]{14}c", r"(a?){30}a{30}", r"(\w+\s?)*!$", r"^(.*?,){30}P", r"(a{0,9}){0,9}z$",
        r"(?s).*.*.*=.*", r"(\d+)*x$", r"((ab)*c?)*d", r"\b(\w+)\b.*\b(\w+)\b.*zz", r"(?:a.*b){9}c", r"(.{0,250}){2}zz",
        r"\pL+\pN$",
    ]  # fmt: skip
    return [shape.replace("z", chr(ord("q") + at)) for at in range(5) for shape in shapes]


def worst() -> dict[str, float | int | str]:
    """The slowest rule, each with one evil pattern, over bodies of 1 MB made for them."""
    bodies = [letter(one * (1_000_000 // len(one))) for one in ("a", "ab", "aaaa ", "x", "é", "a,", "1", "\n", "ab c")]
    slowest, which, refused = 0.0, "", 0
    for pattern in evil():
        try:
            some = rules([{"name": "r", "when": {"body": {"regex": pattern}}, "then": {"team": "support"}}])
        except ValueError:
            refused += 1
            continue
        for case in bodies:
            started = time.perf_counter()
            evaluate(some, case)
            took = 1000 * (time.perf_counter() - started)
            if took > slowest:
                slowest, which = took, pattern
    return {"patterns": len(evil()), "refused": refused, "slowest_ms": round(slowest, 1), "slowest": which}


def main() -> None:
    body = text(20_000)
    print(
        json.dumps(
            {
                **machine.facts(),
                "rules_200_ms": cost(ordinary(200), letter(body)),
                "rules_200_with_20_patterns_ms": cost(ordinary(200, 20), letter(body)),
                "growth_ms": {count: cost(ordinary(count), letter(body)) for count in (10, 100, 1000)},
                "evil": worst(),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
