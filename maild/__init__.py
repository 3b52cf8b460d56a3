"""maild: a help desk that lives in the mail its people already use.

The house in one breath: a letter comes in through a door (`edges`), `desk` stores
the raw bytes and only then lets the door say yes; the desk then reads, recalls,
decides and records; `core` is judgement without a clock, dice or disk; `store` is
memory; `letters` turns what is to be said into mail and `edges.courier` carries it.
"""

__version__ = "0.1.0"
