"""The judgement itself: what follows from a letter, from the clock, from a command.

Everything here answers with an Outcome and changes nothing; `desk` records it.
"""

from maild.core.decide.on_command import on_command, refused
from maild.core.decide.on_import import IMPORT
from maild.core.decide.on_list import LISTED, Line, due_since, the_list
from maild.core.decide.on_message import on_message
from maild.core.decide.on_report import undelivered
from maild.core.decide.on_sending import sent_twice
from maild.core.decide.on_time import on_time
from maild.core.decide.work import Surroundings
from maild.core.sla import next_due

__all__ = [
    "IMPORT",
    "LISTED",
    "Line",
    "Surroundings",
    "due_since",
    "next_due",
    "on_command",
    "on_message",
    "on_time",
    "refused",
    "sent_twice",
    "the_list",
    "undelivered",
]
