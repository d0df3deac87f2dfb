"""The figures, as tables for people and as JSON for programs."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from .figures import Spread
from .life import Subject
from .rounds import MOST_CLIENTS

Results = dict[str, Spread]

CORES: Final = os.cpu_count() or 1


def machine() -> dict[str, Any]:
    return {"cores": CORES, "system": f"{platform.system()} {platform.release()}", "python": platform.python_version()}


def file_system(place: Path) -> str:
    """The kind of file system, such as tmpfs or ext4."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(point, kind) for point, kind in mounts if place.resolve().is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def document(measured: Sequence[tuple[Subject, Results]], client: Results, settings: dict[str, Any]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "machine": machine(),
        "settings": settings,
        "client": {name: asdict(spread) for name, spread in client.items()},
        "subjects": [
            {
                "place": str(subject.place),
                "fileSystem": file_system(subject.place),
                "stored": subject.stored,
                "figures": {name: asdict(spread) for name, spread in results.items()},
            }
            for subject, results in measured
        ],
    }


def print_report(measured: Sequence[tuple[Subject, Results]], client: Results) -> None:
    """Medians with the least and the most of the rounds."""
    facts = machine()
    print(
        f"\n{facts['cores']} cores, {facts['system']}, Python {facts['python']}; median (least to most) of the rounds"
    )
    print(f"The client alone: {_rate(client['client.rate'])} requests/s against a server that does nothing, ", end="")
    print(f"{client['client.microseconds'].median:.0f} µs of processor time each")
    for subject, results in measured:
        print(f"\n== {subject.name} ({file_system(subject.place)}) ==")
        _print_floors(results)
        _print_orders(subject, results)
        _print_memory(results)
        _print_processor_time(results)
    _print_growth(measured)


def _print_floors(results: Results) -> None:
    health, commit = results["health.rate"], results["commit.rate"]
    flush = [f"{results[f'flush.{which}'].median:.2f}" for which in ("p50", "p99", "max")]
    print(f"floors: {_rate(health)} empty answers/s (GET /health, {MOST_CLIENTS} clients); {_rate(commit)} commits/s")
    print(f"flush of 4 KiB: p50 {flush[0]} ms, p99 {flush[1]} ms, max {flush[2]} ms\n")


def _print_orders(subject: Subject, results: Results) -> None:
    rows = []
    for what in ("accepted", "settled"):
        for clients in subject.clients:
            name = f"{what}.{clients}"
            ratios = [f"{results[f'{name}.to-{floor}'].median:.3f}" for floor in ("health", "commit")]
            times = [_spread(results[f"{name}.{which}"], ".1f") for which in ("p50", "p99")]
            refused = f"{results[f'{name}.refused'].most:.0f}"
            rows.append([what, str(clients), _rate(results[f"{name}.rate"]), *ratios, *times, refused])
    print_table(["orders", "clients", "per second", "/health", "/commit", "p50 ms", "p99 ms", "refused"], rows)


def _print_memory(results: Results) -> None:
    rows = [
        [when, *(_spread(results[f"memory.{key}.{which}"], ".0f") for which in ("rss", "pss"))]
        for when, key in (("at its start", "start"), ("warmed up", "warm"), ("at the end", "end"))
    ]
    print()
    print_table(["memory, all processes", "RSS MiB", "PSS MiB"], rows)


def _print_processor_time(results: Results) -> None:
    spent = {name.removeprefix("processor."): each for name, each in results.items() if name.startswith("processor.")}
    total = sum(each.median for each in spent.values())
    order = sorted(spent, key=lambda kind: -spent[kind].median)
    rows = [[kind, _spread(spent[kind], ".2f"), f"{spent[kind].median / total:.0%}"] for kind in order]
    rows.append(["together", f"{total:.2f}", f"at most {CORES * 1000 / total:,.0f} orders/s on {CORES} cores"])
    print()
    print_table([f"a settled order, {MOST_CLIENTS} clients", "processor ms", "share"], rows)


def _print_growth(measured: Sequence[tuple[Subject, Results]]) -> None:
    compared = [(subject, results) for subject, results in measured if f"settled.{MOST_CLIENTS}.to-first" in results]
    rows = [
        [f"{subject.stored:,}"]
        + [
            _spread(results[f"{what}.{MOST_CLIENTS}.{figure}"], form)
            for what in ("accepted", "settled")
            for figure, form in (("rate", ",.0f"), ("to-first", ".2f"))
        ]
        for subject, results in compared
    ]
    print(f"\n== {compared[0][0].place}: with more orders stored, {MOST_CLIENTS} clients ==")
    print_table(["stored", "accepted/s", "to the first", "settled/s", "to the first"], rows)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The first column is set left, the others right."""
    lines = [columns, *rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    for first, *others in lines:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print("  ".join(cells).rstrip())


def _rate(spread: Spread) -> str:
    return _spread(spread, ",.0f")


def _spread(spread: Spread, form: str) -> str:
    return f"{spread.median:{form}} ({spread.least:{form}}–{spread.most:{form}})"
