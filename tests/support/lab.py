"""A host of its own for functions that misbehave: the real processes, but the smallest possible map.

python -m tests.support.lab FOLDER      runs it until it is killed, with functions that are busy
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from cartwheel.kernel.bus import Entry
from cartwheel.kernel.conditions import Equals, Missing
from cartwheel.kernel.environment import environment
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.settings import SECRETS, Settings
from cartwheel.kernel.store import Key, Put, Update
from cartwheel.kernel.topology import App, Consumer, Function, Schedule, Slice, Table, access
from cartwheel.local import nursery, storage
from cartwheel.local.channel import AsyncChannel
from cartwheel.local.execution import Place
from cartwheel.local.host import Host, spawn

Answer = TypeVar("Answer")
Event = dict[str, Any]

TABLE = "lab"
_calls = 0  # of this environment


def work(event: Event, context: Any) -> Event:
    """Takes `seconds`; says when it ran, where, and how often there before."""
    global _calls
    _calls += 1
    began = time.monotonic()
    time.sleep(event.get("seconds", 0))
    return {
        "pid": os.getpid(),
        "calls": _calls,
        "began": began,
        "ended": time.monotonic(),
        "function": context.function_name,
        "request": context.aws_request_id,
        "left": context.get_remaining_time_in_millis(),
        "nice": os.nice(0),
    }


def confide(event: Event, context: Any) -> Event:
    """Says what use of each secret comes to."""
    told: Event = {}
    for name in SECRETS:
        try:
            told[name] = getattr(environment().settings, name).encode().decode()
        except PermissionError as refused:
            told[name] = str(refused)
    return told


def misbehave(event: Event, context: Any) -> Any:
    """Does what `how` says, and then nothing more; without it, works."""
    match event.get("how"):
        case "hang":
            while True:
                time.sleep(60)
        case "die":
            os._exit(3)
        case "exit":
            sys.exit("that is all")
        case "raise":
            raise RuntimeError("the secret of alice@example.com")
        case "answer a function":
            return lambda: None
        case "talk and die":
            print("the last words")
            os._exit(3)
    return work(event, context)


def talk(event: Event, context: Any) -> None:
    print(event["text"])
    print(event["text"], file=sys.stderr)


def write(event: Event, context: Any) -> None:
    """Writes what it has declared, or what not."""
    key = Key(event["pk"], "a")
    if event["how"] == "put":
        environment().store.transact([Put(TABLE, {"PK": key.pk, "SK": key.sk})])
    else:
        environment().store.transact([Update(TABLE, key, add={"n": 1})])


def announce(event: Event, context: Any) -> str:
    """Puts an event onto the bus by itself."""
    return environment().bus.put(Entry("lab", "Announced", {}))


def count(event: Event, context: Any) -> Event:
    """Counts each message once in the item of its body; fails or hangs for those that say so."""
    failed = []
    for record in event["Records"]:
        body = record["body"]
        if body == "hang":
            time.sleep(60)
        if body == "nonsense":
            return {"batchItemFailures": [{"itemIdentifier": "of another batch"}]}
        if body == "slow":
            time.sleep(0.15)
        if body == "bad":
            failed.append(record["messageId"])
            continue
        mark = Key(f"done {record['messageId']}", "a")
        environment().store.transact_each(
            [[Update(TABLE, Key(body, "a"), add={"n": 1}), Update(TABLE, mark, {"done": 1}, condition=Missing("done"))]]
        )
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed], "errors": dict.fromkeys(failed, "bad")}


def increment(event: Event, context: Any) -> int:
    """One more than was there, whoever else is doing the same."""
    store, key = environment().store, Key("counter", "a")
    while True:
        before = (store.get(TABLE, key) or {}).get("n", 0)
        condition = Equals("n", before) if before else Missing("n")
        (refused,) = store.transact_each([[Update(TABLE, key, {"n": before + 1}, condition=condition)]])
        if not refused:
            return int(before) + 1


def _function(name: str, timeout: float = 10, concurrency: int | None = None) -> Function:
    return Function(name, f"tests.support.lab:{name}", access("get", "update"), timedelta(seconds=timeout), concurrency)


FUNCTIONS = (
    _function("work", concurrency=2),
    _function("misbehave", timeout=0.4, concurrency=2),
    Function("dawdle", "tests.support.lab:work", access("get"), timedelta(seconds=2)),
    _function("talk"),
    Function("write", "tests.support.lab:write", access("put")),
    Function("announce", "tests.support.lab:announce", access("publish")),
    Function("announce-undeclared", "tests.support.lab:announce", access("put")),
    Function("confide", "tests.support.lab:confide", access(), secrets=("seal_key",)),
    _function("increment", concurrency=4),
)

MAP = App(
    (
        Slice(
            "lab",
            Table(TABLE),
            consumers=(
                Consumer(
                    _function("count", timeout=1),
                    ({"source": ["lab"]},),
                    batch=5,
                    max_receives=2,
                    retry_delay=timedelta(milliseconds=50),
                ),
            ),
            schedules=tuple(Schedule(function, every=timedelta(days=1)) for function in FUNCTIONS),
        ),
    )
)


@dataclass
class Lab:
    """The running host. `reports` is what it said about its functions."""

    host: Host
    reports: list[tuple[str, str]] = field(default_factory=list)

    async def invoke(self, function: str, request_id: str | None = None, **event: Any) -> Any:
        return await self.host.pools[function].invoke(event, request_id or new_id())


def run(folder: Path, scenario: Callable[[Lab], Awaitable[Answer]]) -> Answer:
    """Start the host on the folder, do the scenario, stop the host."""
    place = Place(MAP, folder, Settings())
    writer = spawn(lambda host: storage.main(folder, MAP, host))
    forker = spawn(lambda host: nursery.main(place, host), writer)

    async def main() -> Answer:
        reports: list[tuple[str, str]] = []
        storing, forking = AsyncChannel(writer, lambda: None), AsyncChannel(forker, lambda: None)
        await asyncio.wait_for(asyncio.gather(storing.hello, forking.hello), 20)
        host = Host(MAP, place, 1000, storing, forking, lambda about, text: reports.append((about, text)))
        await host.start()
        try:
            return await asyncio.wait_for(scenario(Lab(host, reports)), 20)
        finally:
            await asyncio.wait_for(host.stop(), 10)

    return asyncio.run(main())


def children(of: int) -> list[int]:
    """The processes below a process, all generations."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, below = [], {of}
    while below:
        below = {process for process, parent in parents.items() if parent in below}
        found += sorted(below)
    return found


def lives(pid: int) -> bool:
    """Whether the process runs; one that has ended but was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(*pids: int, within: float = 5) -> bool:
    patience = time.monotonic() + within
    while any(map(lives, pids)):
        if time.monotonic() > patience:
            return False
        time.sleep(0.02)
    return True


async def busy(lab: Lab, function: str) -> None:
    """Until the function is running."""
    while not lab.host.pools[function].busy:
        await asyncio.sleep(0.02)


async def _be_busy(lab: Lab) -> None:
    await lab.invoke("talk", text="idle from now on")
    slow = asyncio.ensure_future(lab.invoke("work", seconds=9))
    await busy(lab, "work")
    print(json.dumps(children(os.getpid())), flush=True)
    await slow


if __name__ == "__main__":
    run(Path(sys.argv[1]), _be_busy)
