"""How verbs get at configuration, policy and store, with errors a person can act on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from maild.cli.exits import Complaint, Exit

if TYPE_CHECKING:
    from maild.app import App
    from maild.config import Config
    from maild.letters import Templates
    from maild.store import Store


def load(args: argparse.Namespace) -> Config:
    """The configuration named by -c; its errors, all of them, are the complaint."""
    from maild.config import load as load_config

    with troubles():
        return load_config(args.config)


def templates(args: argparse.Namespace) -> Templates:
    """The templates of the desk named by -c."""
    from maild import letters
    from maild.app import template_directories

    config = load(args)
    with troubles():
        return letters.load(template_directories(config.desk.templates))


@contextmanager
def opened_store(args: argparse.Namespace) -> Iterator[Store]:
    """The desk's memory, for a look or a change without judgement."""
    from maild.ready import open_ready_store

    config = load(args)
    with _lock_if_free(config) as alone, troubles(), closing(open_ready_store(config, checkpoint=alone)) as store:
        yield store


@contextmanager
def built_app(args: argparse.Namespace, *, daemon: bool = False) -> Iterator[App]:
    """A whole desk, built and not started: one round of work, or one command.

    `daemon`: it is going to run, and takes the desk's lock itself.
    """
    from maild.app import App

    config = load(args)
    lock = nullcontext(True) if daemon else _lock_if_free(config)
    with lock as alone, troubles(), closing(App(config, checkpoint=alone)) as app:
        yield app


@contextmanager
def troubles() -> Iterator[None]:
    """What may be wrong with a desk, as complaints with their exit codes."""
    from maild.config import ConfigErrors
    from maild.letters import TemplateErrors
    from maild.ready import NotReady
    from maild.store import Unavailable

    try:
        yield
    except (ConfigErrors, TemplateErrors) as errors:
        raise Complaint(f"the configuration cannot be used\n{errors}", Exit.CONFIG) from None
    except NotReady as error:
        raise Complaint(str(error), Exit.CONFIG) from None
    except Unavailable as error:
        raise Complaint(f"the database is away: {error}", Exit.TEMPORARY) from None


@contextmanager
def _lock_if_free(config: Config) -> Iterator[bool]:
    """Hold the desk's lock while a verb works; False where somebody else holds it, a daemon as a rule."""
    from maild.ready import DeskLock

    lock = DeskLock(config)
    try:
        alone = lock.take()
    except OSError:  # whoever may not write there writes no log back either
        alone = False
    try:
        yield alone
    finally:
        lock.free()
