"""Memory: letters, tickets, threads, the outbox and the schedule, in SQLite or PostgreSQL.

SQLAlchemy Core without the ORM. It imports the vocabulary (`core.model`) and nothing else
of ours; `desk`, the courier and the command line hold a `Store`.
"""

from maild.store.engine import Unavailable, migrate, sqlite_path
from maild.store.health import Numbers, quick_check
from maild.store.intake import Arrival, Claimed
from maild.store.looking_back import Began
from maild.store.memory import Store, open_store
from maild.store.record import Stale
from maild.store.rows import MailRow, OutboxRow
from maild.store.states import State

__all__ = [
    "Arrival",
    "Began",
    "Claimed",
    "MailRow",
    "Numbers",
    "OutboxRow",
    "Stale",
    "State",
    "Store",
    "Unavailable",
    "migrate",
    "open_store",
    "quick_check",
    "sqlite_path",
]
