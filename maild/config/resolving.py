"""A Config and the rules beside it to the frozen Policy that judgement reads.

It refuses to keep anything: asked again after SIGHUP it reads rules and keys anew.
Called by `app`, `maild check` and `maild explain`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from maild.config import names, sections
from maild.config.documents import Document, read
from maild.config.loading import Config
from maild.config.problems import ConfigErrors, Problem, unknown
from maild.config.secrets import read_keys
from maild.core import hours
from maild.core.policy import (
    ALWAYS,
    Agent,
    Authentication,
    Calendar,
    Closing,
    Correspondent,
    Flood,
    HeldList,
    Intake,
    Keys,
    Letters,
    Organisation,
    OurAddress,
    Plan,
    Policy,
    Team,
    Topic,
    Welcome,
)
from maild.core.rules import Names, RawRule, Rule, compile_rules, finder


def policy(config: Config) -> Policy:
    """Everything an admin decided. ConfigErrors has every problem of the rules and the secret file."""
    problems: list[Problem] = []
    rules = read_rules(config.desk.rules, known_names(config), problems)
    keys = _keys(config, problems)
    if problems or keys is None:
        raise ConfigErrors(problems)
    calendars = _calendars(config)
    agents, teams = _people(config)
    closing = config.closing
    return Policy(
        name=config.desk.name,
        tag=config.desk.tag,
        domain=config.desk.domain,
        separator=config.desk.separator,
        admin=config.desk.admin,
        addresses=tuple(
            OurAddress(
                email=each.address.lower(),
                name=each.name or config.desk.name,
                topic=each.topic,
                team=each.team,
                language=each.language,
            )
            for each in config.address
        ),
        agents=agents,
        teams=teams,
        topics={key: _topic(key, config.topic) for key in config.topic},
        priorities=config.defaults.priorities,
        default_priority=config.defaults.priority,
        plans=_plans(config, calendars),
        default_plan=config.defaults.sla,
        calendars=calendars,
        closing=Closing(
            confirm=closing.confirm.within(hours.open_day(calendars[closing.calendar])), calendar=closing.calendar
        ),
        keys=keys,
        rules=rules,
        authentication=_authentication(config),
        letters=Letters(**dict(config.letters)),
        intake=_intake(config),
        flood=Flood(tickets_per_hour=config.flood.tickets_per_hour, exempt=frozenset(config.flood.exempt)),
        held_list=HeldList(at=config.quarantine.list_at, zone=config.quarantine.timezone),
        acknowledgements_per_day=config.acknowledgement.per_sender_per_day,
        default_team=config.defaults.team,
        by_email={one.lower(): key for key, agent in agents.items() for one in (agent.email, *agent.also)},
        correspondents=tuple(map(_correspondent, config.correspondent)),
        organisations={key: Organisation(key=key, **dict(each)) for key, each in config.organisation.items()},
        copied=Welcome(config.participants.copied),
        confirm=config.commands.confirm,
    )


def _intake(config: Config) -> Intake:
    written = dict(config.intake)
    return Intake(
        **written | {"banned": frozenset(config.intake.banned), "accepted": frozenset(config.intake.accepted)}
    )


def _authentication(config: Config) -> Authentication:
    """Whoever looks at senders itself believes what it writes; its name is the one it greets with."""
    own = config.smtp.hostname.lower() if config.authentication.check else ""
    trusted = {each.lower() for each in config.authentication.trusted} | ({own} if own else set())
    return Authentication(trusted=frozenset(trusted), own=own, microsoft=config.authentication.microsoft)


def _correspondent(written: sections.Correspondent) -> Correspondent:
    who = (written.domain or written.address).lower()
    return Correspondent(who=who, reference=finder(written.reference) if written.reference else None)


def _keys(config: Config, problems: list[Problem]) -> Keys | None:
    try:
        return read_keys(config.desk.secret_file)
    except ConfigErrors as error:
        problems += error.problems
        return None


def known_names(config: Config) -> Names:
    """Every name rules may use."""
    return Names(
        topics=tuple(config.topic),
        priorities=config.defaults.priorities,
        teams=tuple(config.team),
        agents=tuple(config.agent),
        plans=tuple(config.sla) or (names.NO_PROMISE,),
        calendars=(*config.calendar, ALWAYS),
        organisations=tuple(config.organisation),
    )


def read_rules(directory: Path, known: Names, problems: list[Problem]) -> tuple[Rule, ...]:
    """The rules of a directory, compiled; what is wrong with them joins `problems`."""
    tables: list[RawRule] = []
    for path in rule_files(directory):
        try:
            tables += _raw_rules(read(path), problems)
        except ConfigErrors as error:
            problems += error.problems
    rules, wrong = compile_rules(tables, known)
    problems += wrong
    return rules


def rule_places(config: Config) -> Iterator[tuple[str, tuple[str, int]]]:
    """Each rule's name, and the file and line it stands on. ConfigErrors where a file is no TOML."""
    for path in rule_files(config.desk.rules):
        for raw in _raw_rules(read(path), []):
            yield str(raw.table.get("name", "")).strip(), (raw.file, raw.line)


def rule_files(directory: Path) -> list[Path]:
    """The rule files in the order they are read: by name, as bytes. Hidden files are an editor's."""
    found = (path for path in directory.glob("*.toml") if not path.name.startswith("."))
    return sorted(found, key=lambda path: path.name.encode("utf-8", "surrogateescape"))


def _raw_rules(document: Document, problems: list[Problem]) -> Iterable[RawRule]:
    for key in document.data:
        if key not in ("rule", "test"):  # tests are read by rule_tests, where they are run
            said = unknown("key", key, ("rule", "test"))
            problems.append(Problem(document.file, document.line_of((key,)), key, said))
    tables = document.data.get("rule", ())
    if not isinstance(tables, tuple) or not all(isinstance(table, Mapping) for table in tables):
        problems.append(Problem(document.file, document.line_of(("rule",)), "rule", "write each rule below [[rule]]"))
        return ()
    lines: list[dict[Any, int]] = [{} for _ in tables]
    for place, line in document.lines.items():
        if len(place) > 1 and place[0] == "rule" and isinstance(place[1], int):
            lines[place[1]][place[2:]] = line
    return [
        RawRule(file=document.file, number=number, table=table, line=lines[number].get((), 0), lines=lines[number])
        for number, table in enumerate(tables)
    ]


def _people(config: Config) -> tuple[dict[str, Agent], dict[str, Team]]:
    """Membership counts wherever it is written: at the team, at the agent, or by leading the team."""
    members: dict[str, dict[str, None]] = {key: {} for key in config.team}
    for key, team in config.team.items():
        members[key].update(dict.fromkeys((*team.members, *filter(None, (team.lead,)))))
    for key, agent in config.agent.items():
        for team_key in agent.teams:
            members[team_key][key] = None
    agents = {
        key: Agent(
            key=key,
            name=agent.name,
            email=agent.email,
            also=agent.also,
            teams=tuple(team for team, people in members.items() if key in people),
        )
        for key, agent in config.agent.items()
    }
    teams = {
        key: Team(key=key, name=team.name, members=tuple(members[key]), lead=team.lead, templates=team.templates)
        for key, team in config.team.items()
    }
    return agents, teams


def _topic(key: str, topics: Mapping[str, sections.Topic]) -> Topic:
    """A topic; what it leaves open is as its nearest parent says."""
    line = [topics[key]]
    while line[-1].parent:
        line.append(topics[line[-1].parent])

    def inherited(name: str, default: Any) -> Any:
        return next((value for each in line if (value := getattr(each, name)) not in ("", None)), default)

    return Topic(
        key=key,
        name=line[0].name,
        path=" / ".join(each.name for each in reversed(line)),
        parent=line[0].parent,
        team=inherited("team", ""),
        agent=inherited("agent", ""),
        priority=inherited("priority", ""),
        sla=inherited("sla", ""),
        acknowledge=inherited("acknowledge", True),
    )


def _calendars(config: Config) -> dict[str, Calendar]:
    always = Calendar(key=ALWAYS, zone=ZoneInfo("UTC"), hours=(((time.min, time.max),),) * 7, always=True)
    written = {
        key: Calendar(key=key, zone=each.timezone, hours=each.week, holidays=frozenset(each.holidays))
        for key, each in config.calendar.items()
    }
    return {ALWAYS: always, **written}


def _plans(config: Config, calendars: Mapping[str, Calendar]) -> dict[str, Plan]:
    if not config.sla:
        nothing = Plan(key=names.NO_PROMISE, name="Default", response=None, resolution=None, calendar=ALWAYS)
        return {names.NO_PROMISE: nothing}
    plans = {}
    for key, each in config.sla.items():
        day = hours.open_day(calendars[each.calendar])
        plans[key] = Plan(
            key=key,
            name=each.name,
            response=each.response.within(day) if each.response else None,
            resolution=each.resolution.within(day) if each.resolution else None,
            calendar=each.calendar,
        )
    return plans
