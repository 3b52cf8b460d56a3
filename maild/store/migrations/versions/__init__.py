"""The revisions, named by number; `maild.store.schema.REVISIONS` lists them in order."""
