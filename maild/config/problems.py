"""The one exception this room raises: everything that is wrong, at once."""

from collections.abc import Sequence

from maild.core.rules.problems import Problem, dotted, unknown

__all__ = ["ConfigErrors", "Problem", "dotted", "unknown"]


class ConfigErrors(Exception):
    """The configuration cannot be used. Its text is one `file:line: key: what` line per problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
