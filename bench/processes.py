"""What the shop's processes use, from /proc: processor time and memory, by kind of process."""

import os
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cartwheel.app import APP

PROC: Final = Path("/proc")
TICKS: Final = os.sysconf("SC_CLK_TCK")
NAME_LENGTH: Final = 15  # what the kernel keeps of a process's name
FUNCTIONS: Final = {name[:NAME_LENGTH]: name for name in APP.functions}


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the shop: `kind` is host, storage, nursery or a function's name; `seconds` is processor time."""

    pid: int
    parent: int
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Of all processes, in MiB. `rss` counts a page for each that shares it, `pss` counts it once; `kinds` is PSS."""

    rss: float
    pss: float
    processes: int
    kinds: dict[str, float]


def family(root: int) -> dict[int, Process]:
    """The process and its descendants, by id."""
    everyone = [process for path in PROC.glob("[0-9]*") if (process := _read(path))]
    members: dict[int, Process] = {}
    found = [Process(each.pid, each.parent, "host", each.seconds) for each in everyone if each.pid == root]
    while found:
        members |= {process.pid: process for process in found}
        parents = {process.pid for process in found}
        found = [process for process in everyone if process.parent in parents]
    return members


def _read(path: Path) -> Process | None:
    """None when it has ended meanwhile."""
    try:
        name, _, rest = (path / "stat").read_text().partition("(")[2].rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = rest.split()
    used = (int(fields[11]) + int(fields[12])) / TICKS
    return Process(int(path.name), int(fields[1]), FUNCTIONS.get(name, name), used)


def used_between(before: Mapping[int, Process], after: Mapping[int, Process]) -> dict[str, float]:
    """Seconds of processor time by kind of process."""
    used: defaultdict[str, float] = defaultdict(float)
    for pid, process in after.items():
        used[process.kind] += process.seconds - (before[pid].seconds if pid in before else 0)
    return dict(used)


def memory(root: int) -> Memory:
    rss, kinds = 0.0, defaultdict[str, float](float)
    members = family(root)
    for process in members.values():
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = (PROC / str(process.pid) / "smaps_rollup").read_text().splitlines()[1:]
            sizes = dict(line.split()[:2] for line in lines)
            rss += int(sizes["Rss:"]) / 1024
            kinds[process.kind] += int(sizes["Pss:"]) / 1024
    return Memory(rss, sum(kinds.values()), len(members), dict(kinds))
