"""How verbs get at configuration, policy and store, with errors a person can act on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from maild.cli.exits import Complaint, Exit

if TYPE_CHECKING:
    from maild.app import App
    from maild.config import Config
    from maild.store import Store


def load(args: argparse.Namespace) -> Config:
    """The configuration named by -c; its errors, all of them, are the complaint."""
    from maild.config import ConfigErrors
    from maild.config import load as load_config

    try:
        return load_config(args.config)
    except ConfigErrors as errors:
        raise Complaint(f"the configuration cannot be used\n{errors}", Exit.CONFIG) from None


@contextmanager
def opened_store(args: argparse.Namespace) -> Iterator[Store]:
    """The desk's memory, for a look or a change without judgement."""
    from maild.app import NotReady, open_ready_store
    from maild.store import Unavailable

    config = load(args)
    with _lock_if_free(config) as alone:
        try:
            store = open_ready_store(config, checkpoint=alone)
        except NotReady as error:
            raise Complaint(str(error), Exit.CONFIG) from None
        except Unavailable as error:
            raise Complaint(f"the database is away: {error}", Exit.TEMPORARY) from None
        try:
            yield store
        except Unavailable as error:
            raise Complaint(f"the database is away: {error}", Exit.TEMPORARY) from None
        finally:
            store.close()


@contextmanager
def built_app(args: argparse.Namespace, *, daemon: bool = False) -> Iterator[App]:
    """A whole desk, built and not started: one round of work, or one command.

    `daemon`: it is going to run, and takes the desk's lock itself.
    """
    from maild.app import App, NotReady
    from maild.config import ConfigErrors
    from maild.letters import TemplateErrors
    from maild.store import Unavailable

    config = load(args)
    with nullcontext(True) if daemon else _lock_if_free(config) as alone:
        try:
            app = App(config, checkpoint=alone)
        except (ConfigErrors, TemplateErrors) as errors:
            raise Complaint(f"the configuration cannot be used\n{errors}", Exit.CONFIG) from None
        except NotReady as error:
            raise Complaint(str(error), Exit.CONFIG) from None
        except Unavailable as error:
            raise Complaint(f"the database is away: {error}", Exit.TEMPORARY) from None
        try:
            yield app
        except Unavailable as error:
            raise Complaint(f"the database is away: {error}", Exit.TEMPORARY) from None
        finally:
            app.close()


@contextmanager
def _lock_if_free(config: Config) -> Iterator[bool]:
    """Hold the desk's lock while a verb works; False where somebody else holds it, a daemon as a rule."""
    from maild.app import DeskLock

    lock = DeskLock(config)
    try:
        alone = lock.take()
    except OSError:  # whoever may not write there writes no log back either
        alone = False
    try:
        yield alone
    finally:
        lock.free()
