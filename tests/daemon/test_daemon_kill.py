"""kill -9 at random moments under load: what got a 250 is kept, once, and becomes one ticket."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict

from daemon_rig import Desk, Letter, hand_in, letter

KILLS = 16
CLIENTS = 4
PAUSE = 0.08  # seconds a client rests after a letter, at most; the desk must be able to finish in the end
SEED = 4711


class Client(threading.Thread):
    """Sends letters one by one, each until it got a 250; after `enough` no new one is begun."""

    def __init__(self, name: str, port: int, enough: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.kept: list[Letter] = []
        self.again = 0  # tries that saw no 250
        self.codes: Counter[int] = Counter()
        self._port = port
        self._enough = enough
        self._random = random.Random(f"{SEED} {name}")

    def run(self) -> None:
        while not self._enough.is_set():
            text = "All is lost.\r\n" * self._random.choice((1, 20, 500, 3000))
            one = letter(f"{self.name}-{len(self.kept)}", text)
            while (code := hand_in(self._port, one)) != 250:
                self.codes[code] += 1
                self.again += 1
                time.sleep(0.02)
            self.kept.append(one)
            time.sleep(self._random.uniform(0, PAUSE))


def test_kill_minus_nine_loses_no_letter_and_doubles_none(desk: Desk) -> None:
    enough = threading.Event()
    clients = [Client(f"c{i}", desk.port, enough) for i in range(CLIENTS)]
    desk.start()
    for client in clients:
        client.start()
    chance = random.Random(SEED)
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.01, 0.5))
        desk.kill()
        if kill % 4 == 3:  # also while it starts
            desk.spawn()
            time.sleep(chance.uniform(0.2, 0.7))
            desk.kill()
        desk.start()
    enough.set()
    for client in clients:
        client.join(20)
        assert not client.is_alive(), f"{client.name} never got its 250"
    desk.settle()
    desk.stop()

    kept = [one for client in clients for one in client.kept]
    assert len(kept) > 5 * KILLS
    assert sum(client.again for client in clients) >= KILLS  # the kills were felt
    assert all(code < 500 for client in clients for code in client.codes)
    _check_letters(desk, kept)
    _check_tickets(desk, kept)
    _check_acknowledgements(desk, kept)
    assert desk.look("PRAGMA integrity_check") == [("ok",)]
    assert "Traceback" not in desk.said()


def _check_letters(desk: Desk, kept: list[Letter]) -> None:
    """Every letter's bytes are there, once, and behind the trace fields they are those that were sent."""
    stored = desk.kept()
    assert {f"{one.key}@people.example" for one in kept} == set(stored)
    for one in kept:
        (raw,) = stored[f"{one.key}@people.example"]
        assert raw.endswith(b"\r\n" + one.raw.rstrip(b"\r\n") + b"\r\n"), one.key
    fates = desk.fates()
    assert fates.pop("ticket") == len(kept)
    assert set(fates) <= {"duplicate"}  # a retry of what was kept while its 250 got lost
    assert desk.counted() == desk.fates()


def _check_tickets(desk: Desk, kept: list[Letter]) -> None:
    assert _tickets(desk) == Counter({one.sender: 1 for one in kept})


def _tickets(desk: Desk) -> Counter[str]:
    rows = desk.look("SELECT person.email, ticket.number FROM ticket JOIN person ON person.id = ticket.requester_id")
    return Counter(email for email, _ in rows)


def _check_acknowledgements(desk: Desk, kept: list[Letter]) -> None:
    """Each requester has theirs, and whoever has two has the same one twice, byte for byte."""
    assert desk.look("SELECT count(*) FROM outbox WHERE state != 'sent'") == [(0,)]
    got: dict[str, list[bytes]] = defaultdict(list)
    by_id: dict[str, set[bytes]] = defaultdict(set)
    for one in desk.left():
        got[one.to].append(one.raw)
        by_id[one.message_id].add(one.raw)
    for one in kept:
        assert len(set(got[one.sender])) == 1, f"{one.sender} got {len(set(got[one.sender]))} different letters"
    assert all(len(copies) == 1 for copies in by_id.values())
    again = sum(len(letters) for letters in got.values()) - len(by_id)
    assert again <= KILLS * 2 * 4, "more second copies than letters can have been at their final dot"
