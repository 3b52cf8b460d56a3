"""The doors: each takes one protocol off a letter, or puts it on, and decides nothing."""
