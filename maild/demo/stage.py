"""A whole desk on loopback with people around it and a clock turned by hand.

Real SMTP in both directions: people hand their letters to the desk's door, and the desk's
courier hands its letters to a post office here, which puts them into people's inboxes. The
demo plays on it and the story tests stand on it. Nothing inside the desk is replaced but
the clock.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from maild.app import App
from maild.config import Config, Endpoint, load
from maild.core.identity import fold
from maild.core.model import Entry, Envelope, Receipt, Ticket
from maild.demo.people import PATIENCE, NotArrived, Person, mutt
from maild.desk_directory import make
from maild.edges.smtp import SmtpDoor, SmtpSettings


class HandClock:
    """Real time plus what it was turned forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def forward(self, **by: float) -> None:
        self._ahead += timedelta(**by)


class Stage:
    """Use as a context manager; inside it the desk runs.

    `config` is changed in three places only: it listens on a free port, its outgoing mail
    goes to the stage's post office, and its clock is `self.clock`.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.clock = HandClock()
        self.people: dict[str, Person] = {}
        self.lost: list[Envelope] = []  # letters to people who are not on the stage
        self.gone: set[str] = set()  # folded addresses that the post office refuses
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._post = SmtpDoor(_anywhere("post.example"), self._posted, self._is_known, self.clock)
        self._run(self._post.start())
        host, port = self._post.addresses[0]
        smtp = self._config.smtp.model_copy(update={"listen": (Endpoint("127.0.0.1", 0),)})
        outbound = self._config.outbound.model_copy(update={"url": (f"smtp://{host}:{port}",)})
        self.app = App(self._config.model_copy(update={"smtp": smtp, "outbound": outbound}), clock=self.clock)
        self._run(self.app.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self.app.shut_down())
        self._run(self._post.stop(1.0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def person(self, name: str, email: str, client: Callable[..., str] = mutt) -> Person:
        """Somebody enters the stage."""
        person = Person(name, email, self.app.door.addresses[0], client, self.clock)
        self.people[fold(email)] = person
        return person

    def agent(self, key: str, client: Callable[..., str] = mutt) -> Person:
        """An agent of the configuration enters the stage."""
        agent = self.app.policy.agents[key]
        return self.person(agent.name, agent.email, client)

    def forward(self, **by: float) -> None:
        """Time passes; what is due is done before this returns."""
        self.clock.forward(**by)
        self.app.ticks.wake()
        self.settle()

    def settle(self) -> None:
        """Wait until the desk has nothing left to work, to do or to send."""
        end = time.monotonic() + PATIENCE
        while self._busy():
            if time.monotonic() > end:
                raise NotArrived("the desk did not come to rest")
            time.sleep(0.01)

    def ticket(self, number: int) -> Ticket:
        found = self.app.store.ticket(number)
        if found is None:
            raise NotArrived(f"there is no ticket {number}")
        return found

    def entries(self, number: int) -> list[Entry]:
        return self.app.store.entries(number)

    def _busy(self) -> bool:
        store, now = self.app.store, self.clock()
        soon = now + timedelta(minutes=10)  # a letter put off (with an error) for longer is left to its fate
        # In the order in which things move: what leaves one place meanwhile is seen in the next.
        if store.ledger_sums()["waiting"] or store.due(now, 1):
            return True
        queued = store.outbox(state="queued", limit=1000)
        return any(not row.error or (row.next_try and row.next_try < soon) for row in queued)

    def _is_known(self, address: str) -> bool:
        return fold(address) not in self.gone

    def _posted(self, envelope: Envelope) -> Future[Receipt]:
        for rcpt in envelope.rcpts:
            person = self.people.get(fold(rcpt))
            if person:
                person.receive(envelope)
            else:
                self.lost.append(envelope)
        done: Future[Receipt] = Future()
        done.set_result(Receipt.ACCEPTED)
        return done

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


def _anywhere(hostname: str) -> SmtpSettings:
    """A door on a free loopback port."""
    return SmtpSettings(hostname=hostname, listen=(("127.0.0.1", 0),))


def example_config(directory: Path) -> Config:
    """A fresh desk in `directory`, made from what is shipped."""
    return load(make(directory))
