"""python tests/load.py [SECONDS [CLIENTS [GENERATOR]]]: many ask one server for two minutes.

Starts app.py over the seeds, by default without a language model. Each client asks the development
questions one after the other, and comes back when it is told to where the line is full. At the end:
seconds of the answers, answers a second, how often the line was full, whatever else was not an
answer, and the resident memory of the server at a quarter of the time and at its end.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import httpx
import psutil

from eval.questions import Question
from eval.suites import own_suite

ROOT = Path(__file__).parent.parent
MAX_GROWTH = 1.1  # of the resident memory, from a quarter of the time to its end


@dataclass(slots=True)
class Found:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)  # of each answer, without being sent away
    sent_away: int = 0
    wrong: list[str] = field(default_factory=list)


async def ask_on(
    client: httpx.AsyncClient, questions: Sequence[Question], until: float, found: Found
) -> None:
    """One client's questions."""
    asked = 0
    while time.monotonic() < until:
        question = questions[asked % len(questions)]
        body = {"question": question.question, "history": list(question.history)}
        started = time.monotonic()
        try:
            told = await client.post("/ask", json=body)
        except httpx.HTTPError as error:
            found.wrong.append(repr(error))
            continue
        if told.status_code == 200:
            found.seconds.append(time.monotonic() - started)
            asked += 1
        elif told.status_code == 429:
            found.sent_away += 1
            await asyncio.sleep(int(told.headers["retry-after"]))
        else:
            found.wrong.append(f"{told.status_code} {told.text[:200]}")


async def load(address: str, seconds: float, clients: int, server: psutil.Process) -> bool:
    """Prints what came of it; whether all was well."""
    found, memory = Found(), []
    suite = own_suite()
    questions = [q for q in suite.questions if suite.split[q.id] == "dev"]
    orders = [random.Random(n).sample(questions, len(questions)) for n in range(clients)]
    began = time.monotonic()
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        asking = [
            asyncio.create_task(ask_on(client, order, began + seconds, found)) for order in orders
        ]
        await asyncio.sleep(seconds / 4)
        memory.append(server.memory_info().rss)
        await asyncio.gather(*asking)
        memory.append(server.memory_info().rss)
    took = time.monotonic() - began  # those who wait at the end are answered, too
    cuts = quantiles(found.seconds, n=20)
    print(
        f"{clients} clients, {seconds:g} s: {len(found.seconds)} answers, "
        f"{len(found.seconds) / took:.1f} a second, p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s; "
        f"429 {found.sent_away} times, {len(found.wrong)} other errors; resident "
        f"{memory[0] / 1e6:.0f} MB at a quarter, {memory[1] / 1e6:.0f} MB at the end"
    )
    for fault in found.wrong[:10]:
        print(fault)
    return not found.wrong and memory[1] <= MAX_GROWTH * memory[0]


def main(seconds: float = 120, clients: int = 64, generator: str = "none") -> int:
    """1 where anything was wrong."""
    command = [sys.executable, "app.py", "--port", "0", "--generator", generator, "--log", "json"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        lines = iter(server.stderr)
        address = next(found[1] for line in lines if (found := re.search(r"(http\S+)/\"", line)))
        draining = threading.Thread(target=lambda: [None for _ in lines])
        draining.start()
        well = asyncio.run(load(address, seconds, clients, psutil.Process(server.pid)))
        server.send_signal(signal.SIGTERM)
        draining.join()
    return 0 if well and server.returncode == 0 else 1


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(*(kind(text) for kind, text in zip((float, int, str), given, strict=False))))
