"""Broken rules: each is named by file, line and key, all of all files at once, and nothing is compiled."""

from __future__ import annotations

import pytest

GOOD = """\
# A comment above.

[[rule]]
name = "first"
when.subject = "hello"
then.team = "support"

[[rule]]
name = "second"
when.sender = "*@bank.example"
then.priority = "high"
"""

# What stands in the good file, what is written instead, the text whose line is to be named, key, what is said.
BROKEN = [
    # keys
    ('when.subject = "hello"', 'wen.subject = "hello"', "wen", "rule.1.wen", 'unknown key "wen" (did you mean "when"?)'),
    ('when.subject = "hello"', 'when.subjekt = "hello"', "subjekt", "rule.1.when.subjekt", 'unknown condition "subjekt" (did you mean "subject"?)'),
    ('when.subject = "hello"', 'when.xyz = "1"', "xyz", "rule.1.when.xyz", "known: sender, from-name, reply-to, recipient, to, cc, address, subaddress, subject, body, words, list-id, …"),
    ('when.subject = "hello"', 'when.size = "1"', "size", "rule.1.when.size", "say how to compare: {{ more = … }}"),
    ('when.subject = "hello"', 'when.ticket.status = "open"', "status", "rule.1.when.ticket.status", '"ticket.status" cannot be asked on "new": it is there on "reply"'),
    ('when.subject = "hello"', 'when.kind = "humann"', "kind", "rule.1.when.kind", 'did you mean "human"?'),
    ('when.subject = "hello"', 'when.open = "offfice"', "open", "rule.1.when.open", 'unknown calendar "offfice" (did you mean "office"?)'),
    ('when.subject = "hello"', 'when.weekday = ["mondey"]', "weekday", "rule.1.when.weekday.1", 'did you mean "monday"?'),
    ('when.subject = "hello"', 'when.time = "8-9"', "time", "rule.1.when.time", 'must be hours like "18:00-08:00"'),
    ('when.subject = "hello"', 'when.date = { after = "2026" }', "date", "rule.1.when.date.after", "must be a date, without quotes"),
    ('when.subject = "hello"', "when.all = [{ subject = { equals = 'a' } }, { subject = { equals = 'b' } }]", "when.all", "rule.1.when.all.2.subject", "exclude each other"),
    ('when.subject = "hello"', "when.size = { less = '1 kB', more = '2 kB' }", "size", "rule.1.when.size", "never holds"),
    ('when.subject = "hello"', "when = { spam = true, any = [{ spam = false }] }", "spam = true", "rule.1.when.any.1.spam", "exclude each other"),
    ('when.subject = "hello"', "when = { subject = 'a', not = { subject = 'a' } }", "not =", "rule.1.when.subject", "forbidden by a “not”"),
    ('when.subject = "hello"', "when.subject = { regex = '\\pL{20}' }", "regex", "rule.1.when.subject.regex", "the pattern is too large"),
    ('then.team = "support"', 'then.note = "{host}"', "then.note", "rule.1.then.note", "no condition of this rule captures {{host}} (there are: none)"),
    ('then.team = "support"', "then.team = 'support'\nthen.ignore = 'x'", "then.team", "rule.1.then.team", 'contradicts "ignore": there will be no ticket'),
    ('then.team = "support"', "then.tags = ['a']\nthen.untag = ['a']", "then.untag", "rule.1.then.untag", 'the tag "a" is given and taken at once'),
    ('then.team = "support"', "on = 'reply'\nthen.refuse = 'x'", "then.refuse", "rule.1.then.refuse", 'can only be done on "new", not on "reply"'),
    ('then.team = "support"', "then.status = 'new'", "then.status", "rule.1.then.status", "known: open, waiting, resolved, closed"),
    ('then.team = "support"', "then.watchers = ['nobody']", "then.watchers", "rule.1.then.watchers.1", 'unknown agent "nobody"'),
    ('then.team = "support"', "then.team = 'support'\non = 'never'", "on = 'never'", "rule.1.on", 'unknown occasion "never"'),
    ('then.team = "support"', "then.team = 'support'\nafter = '3 d'", "after", "rule.1.after", 'is for rules with on = "time"'),
    ('then.team = "support"', "then.team = 'support'\nuntil = 2026-01-01\nfrom = 2026-02-01", "until", "rule.1.until", "the rule never holds"),
    ('then.team = "support"', "then.team = 'support'\nchanged = 'team'", "changed", "rule.1.changed", 'is for rules with on = "change"'),
    ('then.priority = "high"', 'then.prio = "high"', "prio", "rule.2.then.prio", 'unknown action "prio" (did you mean "priority"?)'),
    ('when.subject = "hello"', 'when.subject = { contain = "x" }', "contain", "rule.1.when.subject.contain", 'unknown test "contain" (did you mean "contains"?)'),
    ("# A comment above.", "[rules]", "[rules]", "rules", 'unknown key "rules" (did you mean "rule"?)'),
    # names
    ('name = "second"', 'name = "first"#', '"first"#', "rule.2.name", 'two rules are called "first"; the other is {file}:3'),
    ('name = "second"', "", "[[rule]]\n\n", "rule.2.name", "every rule needs a name"),
    ('name = "second"', 'name = ["second"]', '["second"]', "rule.2.name", "every rule needs a name"),
    ('name = "second"', 'name = "a\\u001bb"', "u001b", "rule.2.name", "one line of text"),
    ('then.team = "support"', 'then.team = "suport"', "suport", "rule.1.then.team", 'unknown team "suport" (did you mean "support"?)'),
    ('then.team = "support"', 'then.team = "Online Banking"', "Online", "rule.1.then.team", 'did you mean "online-banking"?'),
    ('then.team = "support"', 'then.topic = "Outages"', "Outages", "rule.1.then.topic", 'did you mean "outage"?'),
    ('then.team = "support"', 'then.agent = "johnny"', "johnny", "rule.1.then.agent", 'did you mean "john"?'),
    ('then.team = "support"', 'then.sla = "sev-z"', "sev-z", "rule.1.then.sla", 'unknown sla "sev-z" (did you mean "sev-a"?)'),
    ('then.priority = "high"', 'then.priority = "urgent"', "urgent", "rule.2.then.priority", "(known: low, normal, high, emergency)"),
    # shapes
    ('then.team = "support"', "", "[[rule]]\nname = \"f", "rule.1.then", "the rule does nothing"),
    ('then.team = "support"', 'then = "support"', "then = ", "rule.1.then", "must be a table"),
    ('then.team = "support"', "then.team = true", "then.team", "rule.1.then.team", "must be the name of one team, in quotes"),
    ('then.team = "support"', 'then.tags = "vip"', "tags", "rule.1.then.tags", "must be a list of words"),
    ('then.team = "support"', 'then.tags = [\n  "a",\n  "b c",\n]', "b c", "rule.1.then.tags.2", "one word without blanks"),
    ('then.team = "support"', 'then.acknowledge = "no"', "acknowledge", "rule.1.then.acknowledge", "must be true or false"),
    ('then.team = "support"', "stop = 1", "stop", "rule.1.stop", "must be true or false"),
    ('then.team = "support"', 'then.team = "support"\nenabled = "yes"', "enabled", "rule.1.enabled", "must be true or false"),
    ('when.subject = "hello"', 'when = "hello"', "when = ", "rule.1.when", "must be a table of conditions"),
    ('when.subject = "hello"', "when.subject = 7", "subject", "rule.1.when.subject", "must be a text"),
    ('when.subject = "hello"', "when.subject = true", "subject", "rule.1.when.subject", "must be a text"),
    ('when.subject = "hello"', "when.subject = []", "subject", "rule.1.when.subject", "an empty list never holds"),
    ('when.subject = "hello"', 'when.subject = ["a",\n""]', '""', "rule.1.when.subject.2", "an empty text would always hold"),
    ('when.subject = "hello"', "when.subject = {}", "subject", "rule.1.when.subject", "give one of equals, one-of, contains"),
    ('when.subject = "hello"', 'when.header = "x"', "header", "rule.1.when.header", "must name a header field"),
    ('when.subject = "hello"', 'when.header."X Y" = "x"', "X Y", "rule.1.when.header.X Y", "no name of a header field"),
    ('when.subject = "hello"', 'when.any = { subject = "x" }', "any", "rule.1.when.any", "must be a list of tables"),
    ('when.subject = "hello"', "when.any = []", "any", "rule.1.when.any", "must be a list of tables"),
    ('when.subject = "hello"', 'when.any = [\n  { subject = "x" },\n  { },\n]', "{ }", "rule.1.when.any.2", "an empty group says nothing"),
    ('when.subject = "hello"', 'when.any = [\n  { subject = "x" },\n  { bodi = "x" },\n]', "bodi", "rule.1.when.any.2.bodi", 'did you mean "body"?'),
    ('when.subject = "hello"', "when.not = {}", "not", "rule.1.when.not", "an empty group says nothing"),
    ('when.subject = "hello"', "when.not." + "not." * 11 + 'subject = "x"', "when.not", "rule.1.when.not" + ".not" * 10, "more than 10 groups within groups"),
    ('when.sender = "*@bank.example"', 'when.sender = "bank.example"', "sender", "rule.2.when.sender", 'for a whole domain write "*@bank.example"'),
    ('when.sender = "*@bank.example"', 'when.recipient = ["a@b", "*.bank.example"]', "recipient", "rule.2.when.recipient.2", 'write "*@bank.example"'),
    # regular expressions
    ('when.subject = "hello"', "when.subject = { regex = '(a' }", "regex", "rule.1.when.subject.regex", "bad regular expression: missing ): (a"),
    ('when.subject = "hello"', "when.body = { regex = ['ok', '(?=a)'] }", "regex", "rule.1.when.body.regex.2", "no look-around"),
    ('when.subject = "hello"', "when.body = { regex = '(a)\\1' }", "regex", "rule.1.when.body.regex", "no back references"),
    ('when.subject = "hello"', "when.body = { regex = '((a{1000}){1000}){1000}' }", "regex", "rule.1.when.body.regex", "bad regular expression: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "marks", "key", "said"), BROKEN, ids=[f"{row[3]}-{n}" for n, row in enumerate(BROKEN)]
)
def test_a_mistake_is_named(desk, old: str, new: str, marks: str, key: str, said: str) -> None:
    assert GOOD.count(old) == 1
    path = desk.rule_file("10-broken.toml", GOOD.replace(old, new))
    line = desk.line_with(path, marks)
    (problem,) = desk.problems()
    assert (problem.file, problem.line, problem.key) == (str(path), line, key)
    assert said.format(file=path) in problem.text


def test_the_good_file_is_good(desk) -> None:
    desk.rule_file("10-good.toml", GOOD)
    assert [rule.name for rule in desk.policy().rules] == ["first", "second"]


def test_mistakes_of_all_files_and_of_the_secret_are_said_at_once(desk) -> None:
    a = desk.rule_file("10-a.toml", GOOD.replace("subject", "subjekt").replace("support", "suport"))
    b = desk.rule_file("20-b.toml", "[[rule]\n")
    c = desk.rule_file("30-c.toml", '[[rule]]\nname = "third"\nthen.sla = "sev-b"\n')
    desk.secret.write_text("0 1234\n")
    found = [(problem.file, problem.line) for problem in desk.problems()]
    assert sorted(found) == [(str(a), 5), (str(a), 6), (str(b), 1), (str(c), 3), (str(desk.secret), 1)]


def test_a_name_in_two_files_is_told_with_the_other_file(desk) -> None:
    first = desk.rule_file("10-a.toml", '[[rule]]\nname = "x"\nstop = true\n')
    second = desk.rule_file("20-b.toml", '\n[[rule]]\nname = "x"\nstop = true\n')
    (problem,) = desk.problems()
    assert str(problem) == f'{second}:3: rule.1.name: two rules are called "x"; the other is {first}:1'


@pytest.mark.parametrize("text", ['rule = "x"', "rule = 3", "rule = ['a']", "[rule]\nname = 'x'"])
def test_rules_that_are_no_list_of_tables(desk, text: str) -> None:
    path = desk.rule_file("a.toml", text)
    (problem,) = desk.problems()
    assert str(problem) == f"{path}:1: rule: write each rule below [[rule]]"


def test_a_rule_that_is_asleep_is_still_checked(desk) -> None:
    desk.rule_file("a.toml", GOOD.replace('"hello"', '"hello"\nenabled = false').replace("support", "nobody"))
    assert [problem.key for problem in desk.problems()] == ["rule.1.then.team"]
