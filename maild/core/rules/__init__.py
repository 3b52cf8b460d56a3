"""Rules: what an admin wrote in `rules/*.toml` about letters that open a ticket.

Compile (all mistakes at once), evaluate (a verdict, nothing done), trace (why), kept
apart. `config` compiles; `decide` and `maild explain` evaluate.
"""

from maild.core.rules.compile import compile_rules
from maild.core.rules.evaluate import evaluate
from maild.core.rules.model import Case, Names, RawRule, Rule, Verdict
from maild.core.rules.problems import Problem

__all__ = ["Case", "Names", "Problem", "RawRule", "Rule", "Verdict", "compile_rules", "evaluate"]
