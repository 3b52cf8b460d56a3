"""Exit codes (sysexits.h) and the one exception that carries one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a calling program may rely on. 75 makes every MTA keep the letter and try again."""

    OK = 0
    PROBLEMS = 1  # the command worked and what it looked at is not well
    USAGE = 64
    DATA = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    CANNOT_CREATE = 73
    TEMPORARY = 75
    CONFIG = 78
    INTERRUPTED = 130


class Complaint(Exception):
    """Something the person at the shell can act on; the message says what and where."""

    def __init__(self, text: str, code: Exit) -> None:
        super().__init__(text)
        self.code = code
