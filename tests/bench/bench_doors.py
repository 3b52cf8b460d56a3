"""Ten letters of 32 MB at once, of line ends or of one line: how much memory, and how long the door is deaf.

    python -m tests.bench.bench_doors

A door with the store's fingerprint behind it runs in a process of its own, which tells its peak of memory and the
longest time its event loop did not come round. The letters of one run are told together with what they weigh.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

from tests.bench.machine import facts

SIZE = 32 << 20
DOOR = """
    import asyncio, re, sys, time
    from concurrent.futures import Future
    from datetime import UTC, datetime
    from pathlib import Path

    from maild.core.mail import fingerprint
    from maild.core.mail.private import stripped
    from maild.core.model import Receipt
    from maild.edges.smtp import SmtpDoor, SmtpSettings

    def accept(envelope):
        fingerprint(stripped(envelope.raw, ""), envelope.rcpts)
        future = Future()
        future.set_result(Receipt.ACCEPTED)
        return future

    async def watch(gaps):
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps[0] = max(gaps[0], time.perf_counter() - began)

    async def main():
        gaps = [0.0]
        settings = SmtpSettings(hostname="mx.desk.example", listen=(("127.0.0.1", 0),), max_size=40_000_000)
        door = SmtpDoor(settings, accept, lambda address: True, lambda: datetime(2030, 1, 1, tzinfo=UTC))
        await door.start()
        watching = asyncio.create_task(watch(gaps))
        print(door.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        watching.cancel()
        await door.stop(1)
        peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
        print(peak * 1024, gaps[0], dict(door.counters))

    asyncio.run(main())
"""


def hand_in(port: int, body: bytes) -> str:
    with socket.create_connection(("127.0.0.1", port), 120) as line, line.makefile("rb") as replies:
        replies.readline()
        line.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
        while not replies.readline().startswith(b"354"):
            pass
        line.sendall(body)
        line.sendall(b"\r\n.\r\n")
        return replies.readline().decode().strip()


def measure(name: str, body: bytes, at_once: int) -> dict[str, object]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DOOR)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        port = int(process.stdout.readline())
        barrier = threading.Barrier(at_once)

        def one(_: int) -> str:
            barrier.wait()
            return hand_in(port, body)

        with ThreadPoolExecutor(at_once) as people:
            replies = sorted(people.map(one, range(at_once)))
        process.stdin.write("\n")
        process.stdin.flush()
        peak, gap, _ = process.stdout.readline().split(" ", 2)
    taken = sum(reply.startswith("250") for reply in replies)
    return {
        "bench": "doors",
        "letters": f"{at_once} of 32 MB at once, {name}",
        "taken": taken,
        "put_off": at_once - taken,
        "peak_MB": round(int(peak) / 1e6),
        "of_letters_under_way": round(int(peak) / 1e6 - 50) / max(1, round(taken * SIZE / 1e6)),
        "longest_stall_ms": round(float(gap) * 1000),
    }


def main() -> None:
    print(json.dumps(facts()))
    for at_once in (1, 10):
        print(json.dumps(measure("CR LF only", b"\r\n" * (SIZE // 2), at_once)), flush=True)
        print(json.dumps(measure("one line", b"x" * SIZE, at_once)), flush=True)
        print(json.dumps(measure("bare LF only", b"\n" * (SIZE // 2), at_once)), flush=True)


if __name__ == "__main__":
    main()
