"""Run by Alembic: applies the revisions over the connection `maild.store.migrate` hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from maild.store.schema import metadata


def run() -> None:
    """All outstanding revisions in one transaction, or none of them."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


run()
