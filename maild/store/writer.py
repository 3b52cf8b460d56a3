"""The one thread that writes, and its group commit.

It refuses to know what is written: jobs are functions of a connection, arrivals are given
together to the one function that stores them. Everything that waits when the thread comes
round goes into one transaction; a future is resolved only after its COMMIT. `memory` owns it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

from maild.store.engine import Unavailable, disk_error, unavailable

_log = logging.getLogger(__name__)

T = TypeVar("T")

GROUP = 256
"""Most jobs of one transaction."""

GROUP_BYTES = 32 * 1024 * 1024
"""Bytes of letters after which a transaction takes no further one."""


@dataclass(slots=True)
class _Job(Generic[T]):
    future: Future[T]
    work: Callable[[Connection], T] | None  # None: an arrival, stored together with its neighbours
    arrival: Any = None
    size: int = 0
    wakes: bool = False
    result: T | None = None
    error: Exception | None = None


class Writer:
    """Hands jobs to its thread, which is started by the first one."""

    def __init__(
        self,
        engine: Engine,
        store_arrivals: Callable[[Connection, list[Any]], list[int]],
        after_commit: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._store_arrivals = store_arrivals
        self._after_commit = after_commit
        self._waiting: deque[_Job[Any]] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._suspect = False  # the last commit met a disk error
        self._process = os.getpid()

    def accept(self, arrival: Any, size: int) -> Future[int]:
        """Store an arrival; its id, 0 for an exact duplicate."""
        return self._submit(_Job(Future(), None, arrival, size, wakes=True))

    def submit(self, work: Callable[[Connection], T], *, wakes: bool = False) -> Future[T]:
        """Run `work` in a transaction. `wakes`: call `after_commit` once it is committed.

        It touches nothing but the connection: where a neighbour fails it is rolled back and run again.
        """
        return self._submit(_Job(Future(), work, wakes=wakes))

    def close(self) -> None:
        """Do what was handed in, then stop and close the connection."""
        with self._ready:
            self._closing = True
            self._ready.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _submit(self, job: _Job[T]) -> Future[T]:
        if os.getpid() != self._process:
            raise RuntimeError("this store was opened by another process; open one after the fork")
        with self._ready:
            if self._closing:
                job.future.set_exception(Unavailable("the store is closed"))
                return job.future
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
                self._thread.start()
            self._waiting.append(job)
            self._ready.notify()
        return job.future

    def _run(self) -> None:
        while group := self._next_group():
            self._work(group)
        self._disconnect()

    def _next_group(self) -> list[_Job[Any]]:
        """Everything that waits, within bounds; empty when it is time to stop."""
        while True:
            with self._ready:
                while not self._waiting and not self._closing:
                    self._ready.wait()
                group: list[_Job[Any]] = []
                size = 0
                while self._waiting and len(group) < GROUP and size < GROUP_BYTES:
                    job = self._waiting.popleft()
                    if job.future.set_running_or_notify_cancel():
                        group.append(job)
                        size += job.size
                if group or (self._closing and not self._waiting):
                    return group

    def _work(self, group: list[_Job[Any]]) -> None:
        """One transaction; afterwards every future of the group is resolved."""
        try:
            # Faults are rare and savepoints are not free: the first run goes without, the second finds the guilty.
            if not self._transaction(group, nested=False) and len(group) > 1:
                for job in group:
                    job.error = None
                self._transaction(group, nested=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, every future gets its answer
            self._suspect = self._suspect or disk_error(error)
            self._disconnect()
            said = unavailable(error) or Unavailable(f"{type(error).__name__}: {error}")
            for job in group:
                # A job's own fault stays its own; everybody else may simply come again.
                job.error = job.error or said
        wakes = False
        for job in group:
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                wakes = wakes or job.wakes
                job.future.set_result(job.result)
        if wakes:
            self._wake()

    def _transaction(self, group: list[_Job[Any]], nested: bool) -> bool:
        """Do and commit all jobs; without savepoints, False and nothing done when one failed by its own fault."""
        try:
            connection = self._connect()
            with connection.begin():
                arrivals = [job for job in group if job.work is None]
                if arrivals and not self._store(connection, arrivals, nested):
                    for job in arrivals:
                        job.error = None
                        self._store(connection, [job], nested)
                for job in group:
                    work = job.work
                    if work is not None:
                        _attempt(connection, [job], lambda conn, work=work: [work(conn)], nested)  # type: ignore[misc]
        except _Failed:
            return False
        return True

    def _store(self, connection: Connection, jobs: list[_Job[Any]], nested: bool) -> bool:
        """Store these arrivals with one statement per table; False when that failed by the fault of one of them."""
        given = [job.arrival for job in jobs]
        return _attempt(connection, jobs, lambda conn: self._store_arrivals(conn, given), nested)

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            if self._suspect:
                _make_durable(self._connection)
                self._suspect = False
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it is given up because it is broken
                connection.close()

    def _wake(self) -> None:
        try:
            self._after_commit()
        except Exception:  # noqa: BLE001 - what the desk does with it must not stop the writer
            _log.exception("the call after a commit failed")


class _Failed(Exception):
    """A job failed by its own fault: the transaction is rolled back, the connection is well."""


def _attempt(
    connection: Connection, jobs: list[_Job[Any]], work: Callable[[Connection], Sequence[Any]], nested: bool
) -> bool:
    """Do the work of these jobs; what it raises by its own fault is noted in them and undone alone."""
    try:
        if nested:
            with connection.begin_nested():
                results = work(connection)
        else:
            results = work(connection)
    except Exception as error:
        if unavailable(error) is not None:
            raise
        for job in jobs:
            job.error = error
        if not nested:
            raise _Failed from error
        return False
    for job, result in zip(jobs, results, strict=True):
        job.result = result
    return True


def _make_durable(connection: Connection) -> None:
    """After a disk error: have the kernel write again what it may have dropped while calling it clean.

    A commit whose fsync failed can come back when the log is recovered, without being on the disk. Copying
    the whole log into the database writes and syncs it anew; until that works nothing may be promised.
    """
    raw: Any = connection.connection.dbapi_connection
    if not raw.execute("PRAGMA wal_autocheckpoint").fetchone()[0]:
        raise Unavailable("database: a disk error, and only the daemon may write the log back")
    busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise Unavailable("database: the log cannot be written back while others read it")
