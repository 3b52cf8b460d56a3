"""What an agent's words do: commands, answers, notes.

All or nothing: one line that cannot be done and nothing is done, nothing is sent, and the
agent is told what was meant. It refuses to know how the agent was proven (core.identity).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from maild.core import flood
from maild.core.commands import FORMS, MEANINGS, Command, Mistake, Said, form, parse
from maild.core.decide import file_commands, merge_commands, on_report, people_commands, ruling, tell
from maild.core.decide.draft import STOPPED, Draft
from maild.core.decide.work import Surroundings, Work
from maild.core.model import (
    OVER,
    Attachment,
    Entry,
    EntryKind,
    Fate,
    Lane,
    Outcome,
    SendLetter,
    SetField,
    Status,
    Ticket,
)
from maild.core.names import find, nearest
from maild.core.policy import Agent, Policy
from maild.core.trail import shown

ERROR = "command-error"
SILENT = ("silent", "spam", "duplicate")
ASKING = {"log", "why", "show", "files", "help"}  # commands that change nothing and are answered by what was asked for


def on_command(
    ticket: Ticket,
    text: str,
    agent: Agent,
    policy: Policy,
    now: datetime,
    *,
    mail_id: int | None = None,
    message_id: str = "",
    files: Sequence[Attachment] = (),
    note: bool = False,
    around: Surroundings | None = None,
) -> Outcome:
    """What `agent` saying `text` about `ticket` does.

    `mail_id` is the stored letter it was said in, `files` what came along with it, and
    `note` keeps all of it inside. `around`: what commands may speak of beside the ticket.
    """
    said = parse(text)
    draft = Draft(ticket, policy, now)
    speaks = bool(said.body) or any(not file.inline for file in files)
    inside = note or any(c.word == "note" for c in said.commands)
    work = Work(draft.fork(), agent, said.body, speaks, inside, around or Surroundings())
    mistakes = _do(work, said)
    if mistakes:
        return _refuse(draft, agent, mistakes, text)
    if speaks:
        _say(work, mail_id, message_id, files)
        ruling.answered(work.draft, work.body)
    ruling.changed(work.draft)
    _tell_colleagues(work, mail_id)
    _answer_agent(work, said)
    fate = Fate.COMMAND if not speaks else Fate.NOTE if work.note else Fate.REPLY
    return replace(work.draft.finish(fate, _reason(work, said)), also=tuple(work.also))


def risks(
    ticket: Ticket, text: str, agent: Agent, policy: Policy, now: datetime, around: Surroundings
) -> tuple[str, ...]:
    """What in `text` is high risk (core.decide.risk), in words; () also where nothing of it can be done."""
    said = parse(text)
    work = Work(Draft(ticket, policy, now), agent, "", speaks=False, note=True, around=around)
    return () if _do(work, said) else tuple(work.risks)


def _do(work: Work, said: Said) -> list[Mistake]:
    """Carry out the commands, answering with everything that is wrong with the letter."""
    for command in said.commands:
        _DO[command.word](work, command)
    mistakes = [*said.mistakes, *work.mistakes]
    if not work.speaks and not said.commands and not mistakes:
        mistakes.append(Mistake("", "your mail holds no words of its own, so nobody got it", ""))
    return mistakes


def refused(outcome: Outcome) -> tuple[Mapping[str, str], ...]:
    """The mistakes for which nothing was done: each its line, why, and what was meant."""
    letters = (c.letter for c in outcome.changes if isinstance(c, SendLetter))
    return tuple(mistake for letter in letters if letter.template == ERROR for mistake in letter.context["mistakes"])


def _refuse(draft: Draft, agent: Agent, mistakes: list[Mistake], text: str) -> Outcome:
    lines = [{"line": m.line, "why": m.why, "meant": m.meant} for m in mistakes]
    draft.send(tell.alert(draft.policy, agent, ERROR, lane=Lane.ANSWER, context={"mistakes": lines, "text": text}))
    wrong = "; ".join(f"{m.line}: {m.why}" for m in mistakes)
    return draft.finish(Fate.COMMAND, f"nothing was done, {agent.name} was told: {wrong}")


# --------------------------------------------------------------------- words


def _say(work: Work, mail_id: int | None, message_id: str, files: Sequence[Attachment]) -> None:
    """The agent's words become a note, or an answer that leaves for the requester."""
    draft, agent = work.draft, work.agent
    kind = EntryKind.NOTE if work.note else EntryKind.RESPONSE
    draft.add(
        Entry(
            kind=kind,
            at=draft.now,
            author=agent.key,
            author_name=agent.name,
            public=not work.note,
            text=work.body,
            mail_id=mail_id,
            message_id=message_id,
        )
    )
    if work.note:
        return
    _take_silently(work)
    if draft.ticket.responded_at is None:
        draft.keep(responded_at=draft.now)
    if draft.ticket.status == Status.NEW:
        draft.set_status(Status.OPEN, agent.key)
    template = "closure" if work.closes else "response"
    context = {"solution": True, "closed": work.closes == "closed"} if work.closes else {}
    tell.participants(
        draft,
        template,
        lane=Lane.ANSWER,
        from_name=f"{agent.name} ({draft.policy.name})",
        about_entry=True,
        attachments_of=mail_id,
        context=context,
    )
    on_report.warn(draft, agent, work.around)
    if mail_id is not None:
        file_commands.follow(draft, mail_id, files)


def _take_silently(work: Work) -> None:
    """Who answers a ticket that is nobody's has taken it; that is what a mailbox would mean."""
    if not work.draft.ticket.agent:
        work.draft.set("agent", work.agent.key, work.agent.key)


def _tell_colleagues(work: Work, mail_id: int | None) -> None:
    draft, agent = work.draft, work.agent
    told: list[str] = []
    moved = draft.changed("team") or (draft.changed("agent") and draft.ticket.agent != agent.key)
    if moved and draft.ticket.status not in OVER:
        told = tell.handed_over(draft, agent.key, agent.name)
    if work.speaks and work.note:
        tell.note_added(draft, agent, mail_id)
    answered = work.speaks and not work.note
    if work.closes or answered:
        tell.activity(draft, agent, work.closes or "answered", with_entry=answered)
    if work.closes and not answered:
        context = {"solution": False, "closed": work.closes == "closed"}
        tell.participants(draft, "closure", lane=Lane.NOTICE, automatic="auto-generated", context=context)
    if told:
        names = ", ".join(draft.policy.agents[key].name for key in told)
        draft.trace.append(f"told of the hand-over: {names}")


def _answer_agent(work: Work, said: Said) -> None:
    """A short transcript after commands, and what was asked for."""
    changes = [c for c in work.draft.changes if isinstance(c, SetField)]
    if {c.word for c in said.commands} - {"note"} - ASKING:
        lines = [
            {"field": c.name, "old": shown(c.name, c.old, work.policy), "new": shown(c.name, c.new, work.policy)}
            for c in changes
        ]
        work.draft.send(tell.alert(work.policy, work.agent, "transcript", context={"changes": lines}))
    for template in dict.fromkeys(work.answers):
        context = {"commands": [[form(word), MEANINGS[word]] for word in FORMS]} if template == "help" else {}
        work.draft.send(tell.alert(work.policy, work.agent, template, lane=Lane.ANSWER, context=context))


def _reason(work: Work, said: Said) -> str:
    done = ", ".join(c.line for c in said.commands)
    if not work.speaks:
        return f"commands of {work.agent.name}: {done}"
    what = "an internal note" if work.note else "an answer"
    return f"{what} of {work.agent.name}" + (f", with {done}" if done else "")


# --------------------------------------------------------------------- commands


def _one(work: Work, command: Command, kind: str, names: Mapping[str, Sequence[str]]) -> str | None:
    """The key a name means, or None with the mistake noted."""
    hits = find(command.value, names)
    if len(hits) == 1:
        return hits[0]
    if hits:
        which = ", ".join(names[key][0] for key in hits[:5])
        why = f"“{command.value}” may mean {which}"
        work.mistakes.append(Mistake(command.line, why, f"#{command.word} {hits[0]}"))
        return None
    near = nearest(command.value, [name for key, its in names.items() for name in (key, *its)])
    meant = f"#{command.word} {near[0]}" if near else ""
    work.mistakes.append(Mistake(command.line, f"there is no {kind} “{command.value}”", meant))
    return None


def _agents(policy: Policy) -> dict[str, tuple[str, ...]]:
    return {a.key: (a.name, a.email) for a in policy.agents.values()}


def _note(work: Work, command: Command) -> None:
    """Already said by the presence of the word; its text has joined the body."""


def _take(work: Work, command: Command) -> None:
    work.draft.set("agent", work.agent.key, work.agent.key)
    _opened(work)


def _release(work: Work, command: Command) -> None:
    work.draft.set("agent", "", work.agent.key)


def _assign(work: Work, command: Command) -> None:
    if (key := _one(work, command, "agent", _agents(work.policy))) is None:
        return
    work.draft.set("agent", key, work.agent.key)
    _keep_watching(work, key)
    _opened(work)


def _team(work: Work, command: Command) -> None:
    names = {t.key: (t.name,) for t in work.policy.teams.values()}
    if (key := _one(work, command, "team", names)) is None:
        return
    if work.draft.set("team", key, work.agent.key):
        if work.draft.ticket.agent not in work.policy.teams[key].members:
            work.draft.set("agent", "", work.agent.key)
        _keep_watching(work, "")
    _opened(work)


def _keep_watching(work: Work, new_agent: str) -> None:
    """Who hands a ticket over stays informed, and so does who had it."""
    had = [work.agent.key, work.draft.before.agent]
    watchers = dict.fromkeys([*work.draft.ticket.watchers, *(key for key in had if key and key != new_agent)])
    work.draft.keep(watchers=tuple(watchers))


def _opened(work: Work) -> None:
    if work.draft.ticket.status in OVER or (work.draft.ticket.status == Status.NEW and work.draft.ticket.agent):
        work.draft.set_status(Status.OPEN, work.agent.key)


def _topic(work: Work, command: Command) -> None:
    names = {t.key: (t.name, t.path) for t in work.policy.topics.values()}
    if (key := _one(work, command, "help topic", names)) is not None:
        work.draft.set("topic", key, work.agent.key)


def _priority(work: Work, command: Command) -> None:
    if (key := _one(work, command, "priority", {p: (p,) for p in work.policy.priorities})) is not None:
        work.draft.set("priority", key, work.agent.key)


def _sla(work: Work, command: Command) -> None:
    if (key := _one(work, command, "SLA plan", {p.key: (p.name,) for p in work.policy.plans.values()})) is not None:
        work.draft.set("sla", key, work.agent.key)


def _tag(work: Work, command: Command) -> None:
    tags = dict.fromkeys([*work.draft.ticket.tags, *command.value.lower().split()])
    work.draft.set("tags", tuple(tags), work.agent.key)


def _untag(work: Work, command: Command) -> None:
    gone = set(command.value.lower().split())
    work.draft.set("tags", tuple(t for t in work.draft.ticket.tags if t not in gone), work.agent.key)


def _watch(work: Work, command: Command) -> None:
    key = _one(work, command, "agent", _agents(work.policy)) if command.value else work.agent.key
    if key is not None:
        watchers = tuple(dict.fromkeys([*work.draft.ticket.watchers, key]))
        work.draft.set("watchers", watchers, work.agent.key)


def _unwatch(work: Work, command: Command) -> None:
    key = _one(work, command, "agent", _agents(work.policy)) if command.value else work.agent.key
    if key is not None:
        work.draft.set("watchers", tuple(w for w in work.draft.ticket.watchers if w != key), work.agent.key)


def _open(work: Work, command: Command) -> None:
    work.draft.set_status(Status.OPEN, work.agent.key)


def _waiting(work: Work, command: Command) -> None:
    work.draft.set_status(Status.WAITING, work.agent.key)


def _resolved(work: Work, command: Command) -> None:
    if work.draft.ticket.status in OVER:
        return
    work.draft.set_status(Status.RESOLVED, work.agent.key)
    work.closes = "resolved"
    _take_silently(work)


def _close(work: Work, command: Command) -> None:
    how = command.value.lower()
    if how and how not in SILENT:
        near = nearest(how, SILENT)
        work.mistakes.append(
            Mistake(command.line, f"#close knows {', '.join(SILENT)}", f"#close {near[0]}" if near else "#close")
        )
        return
    if work.draft.ticket.status == Status.CLOSED:
        return
    told_already = work.draft.ticket.status == Status.RESOLVED
    work.draft.set_status(Status.CLOSED, work.agent.key)
    if how and work.speaks and not work.note:
        why = f"#close {how} tells the requester nothing, but your mail has words for them"
        work.mistakes.append(Mistake(command.line, why, "#close"))
    elif how:
        work.draft.set("closing", how, work.agent.key)
    elif not told_already:
        work.closes = "closed"
        _take_silently(work)


def _reopen(work: Work, command: Command) -> None:
    if work.draft.ticket.status in (*STOPPED, *OVER):
        work.draft.set_status(Status.OPEN, work.agent.key)


def _person(work: Work, command: Command) -> None:
    """Nothing is held against anybody on this ticket; the letters that were filed stay where they are."""
    pulse = flood.Pulse(work.draft.ticket.pulse, work.draft.now)
    if not pulse.machines:
        work.mistakes.append(Mistake(command.line, "nobody on this ticket was taken for a machine", ""))
        return
    work.draft.changes.append(SetField("machines", pulse.machines, (), work.agent.key))
    pulse.forgive()
    work.draft.keep(pulse=pulse.closed())


def _log(work: Work, command: Command) -> None:
    work.answers.append("log")


def _why(work: Work, command: Command) -> None:
    work.answers.append("why")


def _show(work: Work, command: Command) -> None:
    work.answers.append("show")


def _help(work: Work, command: Command) -> None:
    work.answers.append("help")


_DO: dict[str, Callable[[Work, Command], None]] = {
    "note": _note,
    "take": _take,
    "release": _release,
    "assign": _assign,
    "team": _team,
    "topic": _topic,
    "priority": _priority,
    "sla": _sla,
    "tag": _tag,
    "untag": _untag,
    "watch": _watch,
    "unwatch": _unwatch,
    "accept": people_commands.accept,
    "cc": people_commands.cc,
    "drop": people_commands.drop,
    "requester": people_commands.requester,
    "merge": merge_commands.merge,
    "link": merge_commands.link,
    "open": _open,
    "waiting": _waiting,
    "resolved": _resolved,
    "close": _close,
    "reopen": _reopen,
    "person": _person,
    "log": _log,
    "why": _why,
    "show": _show,
    "files": file_commands.fetch,
    "help": _help,
}
