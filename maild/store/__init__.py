"""Memory: letters, tickets, threads, the outbox and the schedule, in SQLite or PostgreSQL.

SQLAlchemy Core without the ORM. It imports the vocabulary (`core.model`) and nothing else
of ours; `desk`, the courier and the command line hold a `Store`.
"""

from maild.store.engine import Unavailable, migrate
from maild.store.intake import Arrival, Claimed
from maild.store.memory import Store, open_store
from maild.store.record import Stale
from maild.store.rows import MailRow, OutboxRow

__all__ = [
    "Arrival",
    "Claimed",
    "MailRow",
    "OutboxRow",
    "Stale",
    "Store",
    "Unavailable",
    "migrate",
    "open_store",
]
