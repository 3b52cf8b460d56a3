"""The verb about rules: list them, try changed ones on the past, count what they hit."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, plain, table, when
from maild.core.policy import Policy

if TYPE_CHECKING:
    from maild.config import Config
    from maild.core.rules import Rule
    from maild.replay import Difference, Replay


def rules(args: argparse.Namespace) -> int:
    """`maild rules`: what there is, unless something else is asked for."""
    if args.action != "try" and any(value is not None for value in (args.since, args.rules, args.limit, args.examples)):
        raise Complaint("--since, --rules, --limit and --examples belong to `maild rules try`", Exit.USAGE)
    return {"list": _list, "try": _try, "stats": _stats}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from maild import config

    loaded = opening.load(args)
    with opening.troubles():
        policy = config.policy(loaded)
    places = dict(config.rule_places(loaded))
    rows = [(rule, *places.get(rule.name, ("", 0))) for rule in policy.rules]
    if args.json:
        as_json([_listed(rule, file, line) for rule, file, line in rows])
    elif not rows:
        print("No rules.")
    else:
        table(
            ("", "rule", "on", "where", ""),
            [
                (at, rule.name, ", ".join(rule.on), f"{Path(file).name}:{line}", _mood(rule.enabled, rule.stop))
                for at, (rule, file, line) in enumerate(rows, 1)
            ],
        )
    return Exit.OK


def _listed(rule: Rule, file: str, line: int) -> dict[str, object]:
    places = {"file": file, "line": line}
    return {"name": rule.name, "on": rule.on, **places, "enabled": rule.enabled, "stop": rule.stop}


def _mood(enabled: bool, stop: bool) -> str:
    return "" if enabled and not stop else "stops" if enabled else "asleep"


# --------------------------------------------------------------------- try


def _try(args: argparse.Namespace) -> int:
    from maild.app import utc_now
    from maild.core.amounts import duration
    from maild.replay import replay

    try:
        since = utc_now() - duration(args.since) if args.since else None
    except ValueError as error:
        raise Complaint(f"--since {error}", Exit.USAGE) from None
    examples = 3 if args.examples is None else max(0, args.examples)
    began = time.monotonic()
    with opening.built_app(args) as app:
        changed = _with_rules(app.config, Path(args.rules)) if args.rules else app.policy
        today = app.policy if args.rules else None
        found = replay(app.store.began(since, args.limit or 1_000_000_000), changed, today, examples)
    seconds = time.monotonic() - began
    if args.json:
        as_json(_as_data(found, changed, seconds))
    else:
        _show(found, changed, since, "the rules of today" if today else "what was recorded")
    return Exit.OK


def _with_rules(loaded: Config, directory: Path) -> Policy:
    """The policy of the desk with the rules of another directory."""
    from maild import config

    if not directory.is_dir():
        raise Complaint(f"there is no directory {directory}", Exit.NO_INPUT)
    desk = loaded.desk.model_copy(update={"rules": directory.absolute()})
    with opening.troubles():
        return config.policy(loaded.model_copy(update={"desk": desk}))


def _names(policy: Policy) -> Mapping[str, Mapping[str, str]]:
    return {
        "topic": {key: topic.path for key, topic in policy.topics.items()},
        "team": {key: team.name for key, team in policy.teams.items()},
        "agent": {key: agent.name for key, agent in policy.agents.items()},
        "sla": {key: plan.name for key, plan in policy.plans.items()},
    }


def _show(found: Replay, changed: Policy, since: datetime | None, against: str) -> None:
    from maild.replay import sentences

    span = f" since {when(since)}" if since else ""
    print(f"{found.letters:,} letters that began tickets{span}, compared with {against}; nothing is changed.")
    if found.without_bytes:
        print(f"{found.without_bytes:,} more could not be read: their bytes are gone.")
    if found.continued:
        print(f"{found.continued:,} more spoke of an earlier ticket and are not compared.")
    if not found.counts:
        print("Nothing would be different.")
        return
    print(f"{found.changed:,} would be different:\n")
    for difference, sentence in sentences(found, _names(changed)):
        print(f"{plain(sentence)}{':' if found.examples.get(difference) else ''}")
        for example in found.examples.get(difference, ()):
            why = f" ({plain(example.rule)})" if example.rule else ""
            print(f"    {changed.tag}-{example.ticket}  {plain(example.subject)[:60]}{why}")


def _as_data(found: Replay, changed: Policy, seconds: float) -> dict[str, object]:
    from maild.replay import sentences

    def one(difference: Difference, sentence: str) -> dict[str, object]:
        return {
            **asdict(difference),
            "count": found.counts[difference],
            "sentence": sentence,
            "examples": [asdict(example) for example in found.examples.get(difference, ())],
        }

    return {
        "letters": found.letters,
        "changed": found.changed,
        "without_bytes": found.without_bytes,
        "continued": found.continued,
        "seconds": round(seconds, 3),
        "differences": [one(*said) for said in sentences(found, _names(changed))],
        "hits": {rule.name: found.hits[rule.name] for rule in changed.rules},
    }


# --------------------------------------------------------------------- stats


@dataclass(slots=True)
class _Hits:
    hits: int = 0
    last: datetime | None = None
    ticket: int | None = None  # of the last hit


def _stats(args: argparse.Namespace) -> int:
    with opening.built_app(args) as app:
        policy = app.policy
        counted = {rule.name: _Hits() for rule in policy.rules}
        for hit in app.store.rule_hits():
            one = counted.setdefault(hit.rule, _Hits())
            one.hits, one.last, one.ticket = one.hits + 1, hit.at, hit.ticket
    present = {rule.name: rule for rule in policy.rules}
    rows = [
        {
            "name": name,
            "hits": one.hits,
            "last": one.last,
            "ticket": one.ticket,
            "exists": name in present,
            "enabled": name in present and present[name].enabled,
        }
        for name, one in counted.items()
    ]
    if args.json:
        as_json(rows)
    elif not rows:
        print("No rules, and none has ever hit.")
    else:
        table(
            ("rule", "hits", "last hit", "ticket", ""),
            [(r["name"], r["hits"], when(counted[str(r["name"])].last), r["ticket"] or "-", _remark(r)) for r in rows],
        )
    return Exit.OK


def _remark(row: Mapping[str, object]) -> str:
    if not row["exists"]:
        return "exists no more"
    if not row["enabled"]:
        return "asleep"
    return "" if row["hits"] else "never hit"
