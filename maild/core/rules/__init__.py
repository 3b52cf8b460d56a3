"""Rules: what an admin wrote in `rules/*.toml` about letters, tickets and time.

Compile (all mistakes at once), evaluate (a verdict, nothing done), trace (why), kept
apart. `config` compiles; `decide` and `maild explain` evaluate; `core.sla` asks `moment`.
"""

from maild.core.rules.case import ANSWER, CHANGE, NEW, OCCASIONS, REPLY, TIME
from maild.core.rules.compile import compile_rules
from maild.core.rules.evaluate import evaluate
from maild.core.rules.model import ENDINGS, Case, Deed, Names, RawRule, Rule, Verdict
from maild.core.rules.problems import Problem
from maild.core.rules.references import finder
from maild.core.rules.times import marked, moment

__all__ = [
    "ANSWER",
    "CHANGE",
    "ENDINGS",
    "NEW",
    "OCCASIONS",
    "REPLY",
    "TIME",
    "Case",
    "Deed",
    "Names",
    "Problem",
    "RawRule",
    "Rule",
    "Verdict",
    "compile_rules",
    "evaluate",
    "finder",
    "marked",
    "moment",
]
