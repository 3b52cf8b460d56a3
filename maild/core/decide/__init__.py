"""The judgement itself: what follows from a letter, from the clock, from a command.

Everything here answers with an Outcome and changes nothing; `desk` records it.
"""

from maild.core.decide.on_command import on_command, refused
from maild.core.decide.on_message import on_message, undelivered
from maild.core.decide.on_time import on_time
from maild.core.sla import next_due

__all__ = ["next_due", "on_command", "on_message", "on_time", "refused", "undelivered"]
