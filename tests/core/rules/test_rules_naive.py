"""The engine and a naive interpreter of the same tables agree, on 10,000 random policies and letters.

The interpreter is as short as the manual: Python's own string functions and `re` on what TOML
gave. A rule the compiler calls impossible or never reached must never hit there either.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from typing import Any

from maild.core.model import Address, Attachment, Envelope, Kind, Message
from maild.core.rules import Case, Names, RawRule, compile_rules, evaluate

PAIRS = 10_000
NAMES = Names(teams=("t1", "t2"), priorities=("low", "high"))
WORDS = ["vpn", "Down", "card", "straße", "STRASSE", "a.c", "abc", "12", "x*y", "é", "lost card"]
ADDRESSES = ["karen@customer.example", "Bob@shop.example", "ops@alerts.shop.example", "a.c@x.example", "abc@x.example"]
GLOBS = ["*@customer.example", "*@*.example", "bob@*", "?.c@x.example", "ops@alerts.shop.example", "*@shop.example"]
KEYS = "sender recipient from-name subject body words header attachment spam spam-score size kind known".split()
PATTERNS = [r"\bvpn\b", r"^down", r"card$", r"a.c", r"[0-9]+", r"(lost|stolen) card", r"x\*y"]


# --------------------------------------------------------------------- random policies and letters


def some_text(dice: random.Random) -> str:
    return dice.choice([" ", "  ", "\n"]).join(dice.choice(WORDS) for _ in range(dice.randrange(4)))


def texts(dice: random.Random) -> Any:
    plain = dice.choice(WORDS)
    if dice.random() < 0.4:
        return plain
    if dice.random() < 0.3:
        return dice.sample(WORDS, 2)
    operator = dice.choice(["equals", "one-of", "contains", "starts", "ends", "glob", "regex", "exists"])
    if operator == "exists":
        return {operator: dice.random() < 0.5}
    if operator == "regex":
        return {operator: dice.choice(PATTERNS)}
    if operator == "glob":
        return {operator: dice.choice(["*", "*down*", "vpn*", "?bc", "*x?y*"])}
    return {operator: dice.sample(WORDS, 2) if operator == "one-of" or dice.random() < 0.3 else plain}


def number(dice: random.Random, values: list[Any]) -> Any:
    operators = dice.sample(["equals", "less", "more", "at-least", "at-most"], dice.choice([1, 1, 2]))
    return {operator: dice.choice(values) for operator in operators}


def condition(dice: random.Random, depth: int = 0) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for _ in range(dice.choice([1, 1, 2, 3])):
        key = dice.choice([*KEYS, *(["any", "all", "not", "not"] if depth < 3 else [])])
        if key in ("sender", "recipient"):
            table[key] = dice.choice([dice.choice(GLOBS), dice.sample(GLOBS, 2), {"ends": ".example"}])
        elif key in ("subject", "body", "words", "from-name"):
            table[key] = texts(dice)
        elif key == "header":
            table[key] = {"X-One": texts(dice)}
        elif key == "attachment":
            table[key] = dice.choice([True, False, "*.pdf", ["a*", "*.zip"], {"count": number(dice, [0, 1, 2])}])
        elif key in ("spam", "known"):
            table[key] = dice.random() < 0.5
        elif key == "spam-score":
            table[key] = dice.choice([2, number(dice, [1, 2, 3])])
        elif key == "size":
            table[key] = number(dice, ["1 kB", "2 kB", "3 kB"])
        elif key == "kind":
            table[key] = dice.choice(["human", "list", ["human", "automatic"]])
        else:
            parts = [condition(dice, depth + 1) for _ in range(dice.choice([1, 2, 3]))]
            table[key] = parts[0] if key == "not" and dice.random() < 0.5 else parts
    return table


def policy(dice: random.Random) -> list[dict[str, Any]]:
    tables = []
    for number in range(dice.randrange(1, 6)):
        then: dict[str, Any] = {"tags": [dice.choice("abc")]}
        if dice.random() < 0.5:
            then["team"] = dice.choice(["t1", "t2"])
        if dice.random() < 0.3:
            then = {"untag": [dice.choice("abc")], "acknowledge": dice.random() < 0.5}
        table = {"name": f"r{number}", "when": condition(dice) if dice.random() < 0.9 else {}, "then": then}
        table["stop"], table["enabled"] = dice.random() < 0.2, dice.random() < 0.9
        tables.append(table)
    return tables


def letter(dice: random.Random) -> Case:
    files = dice.sample(["a.pdf", "b.zip", "A.ZIP"], dice.randrange(3))
    message = Message(
        from_=tuple(Address(one, dice.choice(WORDS)) for one in dice.sample(ADDRESSES, dice.choice([0, 1, 1, 1, 2]))),
        to=tuple(map(Address, dice.sample(ADDRESSES, dice.randrange(3)))),
        subject=some_text(dice),
        text=some_text(dice),
        new_text=some_text(dice),
        headers={"x-one": tuple(some_text(dice) for _ in range(dice.randrange(3)))},
        attachments=tuple(
            Attachment(index=0, filename=name, content_type="", sniffed_type="", size=1, sha256="", inline=dice.random() < 0.3)
            for name in files
        ),
        kind=dice.choice([Kind.HUMAN, Kind.LIST, Kind.AUTOMATIC]),
        spam=dice.choice(["", "yes", "no"]),
        spam_score=dice.choice([None, 1.0, 2.0, 3.0]),
    )  # fmt: skip
    envelope = Envelope(
        raw=b"x" * dice.choice([1000, 1500, 2000, 3000]),
        mail_from="ops@alerts.shop.example",
        rcpts=("support@bank.example",),
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        door="smtp",
    )
    return Case(message=message, envelope=envelope, known=dice.random() < 0.5)


# --------------------------------------------------------------------- the naive interpreter


def same(text: str) -> str:
    return " ".join(text.split()).casefold()


def glob(pattern: str, text: str) -> bool:
    regex = "".join(".*" if one == "*" else "." if one == "?" else re.escape(one) for one in same(pattern))
    return re.fullmatch(regex, same(text), re.DOTALL) is not None


OPERATORS = {
    "equals": lambda text, wanted: same(text) == same(wanted),
    "one-of": lambda text, wanted: same(text) == same(wanted),
    "contains": lambda text, wanted: same(wanted) in same(text),
    "starts": lambda text, wanted: same(text).startswith(same(wanted)),
    "ends": lambda text, wanted: same(text).endswith(same(wanted)),
    "glob": lambda text, wanted: glob(wanted, text),
    "regex": lambda text, wanted: re.search(wanted.replace("$", r"\Z"), text, re.IGNORECASE) is not None,
}
NUMBERS = {
    "equals": lambda value, wanted: value == wanted,
    "less": lambda value, wanted: value < wanted,
    "more": lambda value, wanted: value > wanted,
    "at-least": lambda value, wanted: value >= wanted,
    "at-most": lambda value, wanted: value <= wanted,
}


def holds_text(wanted: Any, values: list[str], default: str) -> bool:
    tests = wanted if isinstance(wanted, dict) else {default: wanted}
    for operator, operands in tests.items():
        if operator == "exists":
            if any(same(value) for value in values) is not operands:
                return False
            continue
        listed = operands if isinstance(operands, list) else [operands]
        if not any(OPERATORS[operator](value, one) for value in values for one in listed):
            return False
    return True


def holds_number(wanted: Any, value: float | None, default: str = "equals") -> bool:
    tests = wanted if isinstance(wanted, dict) else {default: wanted}
    sized = {op: int(one.split()[0]) * 1000 if isinstance(one, str) else one for op, one in tests.items()}
    return value is not None and all(NUMBERS[operator](value, one) for operator, one in sized.items())


def holds(when: dict[str, Any], case: Case) -> bool:
    return all(holds_key(key, wanted, case) for key, wanted in when.items())


def holds_key(key: str, wanted: Any, case: Case) -> bool:
    parts = wanted if isinstance(wanted, list) else [wanted]
    if key in ("any", "all", "not"):
        held = [holds(part, case) for part in parts]
        return all(held) if key == "all" else any(held) is (key == "any")
    if key in ("sender", "recipient", "from-name", "subject", "body", "words", "header"):
        return holds_words(key, wanted, case)
    return holds_fact(key, wanted, parts, case)


def holds_words(key: str, wanted: Any, case: Case) -> bool:
    message, envelope = case.message, case.envelope
    assert message is not None
    assert envelope is not None
    match key:
        case "sender":
            return holds_text(wanted, [one.email for one in message.from_] or [envelope.mail_from], "glob")
        case "recipient":
            return holds_text(wanted, [*envelope.rcpts, *(one.email for one in message.to)], "glob")
        case "from-name":
            return holds_text(wanted, [one.name for one in message.from_], "contains")
        case "subject" | "body" | "words":
            text = {"subject": message.subject, "body": message.text, "words": message.new_text}[key]
            return holds_text(wanted, [text], "contains")
        case "header":
            return holds_text(wanted["X-One"], list(message.headers["x-one"]), "contains")
    raise AssertionError(key)


def holds_fact(key: str, wanted: Any, parts: list[Any], case: Case) -> bool:
    message, envelope = case.message, case.envelope
    assert message is not None
    assert envelope is not None
    real = [one for one in message.attachments if not one.inline]
    match key:
        case "attachment" if isinstance(wanted, bool):
            return bool(real) is wanted
        case "attachment" if isinstance(wanted, dict):
            return holds_number(wanted["count"], len(real))
        case "attachment":
            return holds_text(wanted, [one.filename for one in message.attachments], "glob")
        case "spam":
            return (message.spam == "yes") is wanted
        case "spam-score":
            return holds_number(wanted, message.spam_score, "at-least")
        case "size":
            return holds_number(wanted, len(envelope.raw))
        case "kind":
            return message.kind in parts
        case _:
            return case.known is wanted


def judged(tables: list[dict[str, Any]], case: Case) -> tuple[list[str], str, list[str], bool | None]:
    matched: list[str] = []
    team, tags, acknowledge = "", [], None
    for table in tables:
        if not table["enabled"] or not holds(table["when"], case):
            continue
        matched.append(table["name"])
        then = table["then"]
        team = then.get("team", team)
        tags = [tag for tag in tags if tag not in then.get("untag", [])]
        tags += [tag for tag in then.get("tags", []) if tag not in tags]
        acknowledge = then.get("acknowledge", acknowledge)
        if table["stop"]:
            break
    return matched, team, tags, acknowledge


def test_engine_and_interpreter_agree() -> None:
    dice = random.Random(6)
    hits = lost = 0
    for _ in range(PAIRS):
        tables, case = policy(dice), letter(dice)
        raw = [RawRule(file="r", number=number, table=table) for number, table in enumerate(tables)]
        rules, problems = compile_rules(raw, NAMES)
        assert all(one.text.startswith("never ") for one in problems), problems
        for problem in (one for one in problems if one.text.startswith("never holds")):
            table = tables[int(problem.key.split(".")[1]) - 1]
            # Of a group of which any may hold, one part is impossible: the rule is a mistake, though it could hit.
            assert ".any." in problem.key or not holds(table["when"], case), (problem, case)
            table["enabled"] = False
        verdict = evaluate(rules, case)
        said = (list(verdict.matched), verdict.fields.get("team", ""), list(verdict.tags), verdict.acknowledge)
        assert said == judged(tables, case), (tables, case, verdict.trace)
        hits += bool(verdict.matched)
        lost += bool(problems)
    assert hits > PAIRS / 4
    assert PAIRS / 100 < lost < PAIRS / 2
