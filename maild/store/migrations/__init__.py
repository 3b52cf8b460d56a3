"""The schema's history: one Alembic revision per file in `versions`.

Only `maild.store.migrate` runs it; Alembic is imported nowhere else.
"""
