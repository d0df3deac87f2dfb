"""`python -m bench`: see README.md beside this file."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from cartwheel.cli.output import note

from .figures import Figures, WrongResult, spreads
from .life import Subject, started, within
from .mirror import client_floor
from .processes import PROC
from .report import document, print_report
from .rounds import MOST_CLIENTS, PATIENCE, growth, measure
from .soak import soak
from .specimens import Specimens, buy_specimens
from .stored import NoRoom, check_room, fill
from .telemetry import telemetry

MEMORY: Final = Path("/dev/shm")  # a file system in memory, where there is one
DISK: Final = Path("/var/tmp")  # on a disk, as it has to outlive a restart of the machine
CLIENTS: Final = (1, 8, MOST_CLIENTS)


def main() -> int:
    """The exit code."""
    options = _options()
    if not (PROC / "self" / "smaps_rollup").exists():
        note("The bench reads processor time and memory from /proc, as Linux has it.")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    try:
        result = _bench(options)
    except KeyboardInterrupt:
        note("stopped")
        return 130
    except (NoRoom, WrongResult, OSError, httpx.HTTPError) as failure:
        note(f"The bench failed: {failure}")
        return 1
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures a running shop beside its floors.")
    take = parser.add_argument
    take("--stored", type=_numbers, metavar="N,…", help="orders stored beforehand, each measured (1000,100000)")
    take("--on", type=Path, action="append", metavar="FOLDER", help="where the data lies; again for another place")
    take("--rounds", type=int, default=3, help="of which the median counts (%(default)s)")
    take("--seconds", type=float, default=1.25, help="that each load lasts (%(default)s)")
    take("--json", type=Path, metavar="FILE", help="write the figures there as well")
    take("--quick", action="store_true", help="one short round on few orders: does the bench work?")
    take("--soak", type=float, metavar="MINUTES", help="instead, a steady load: does memory stay flat?")
    take("--telemetry", action="store_true", help="instead, the shop with and without its telemetry, in turns")
    take("--rate", type=float, default=100, help="orders a second of the soak (%(default)s)")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.5
    options.stored = options.stored or ([100] if options.quick else [1_000, 100_000])
    options.on = options.on or [place for place in (MEMORY, DISK) if place.is_dir()]
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _bench(options: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as folders:
        places = {place: folders.enter_context(_workshop(place)) for place in options.on}
        check_room(options.on[0], options.stored)
        specimens = _seed(next(iter(places.values())))
        if options.soak:
            (subject, *_) = _subjects(places, options.stored[:1], specimens)
            return {"soak": soak(subject, options.rate, options.soak)}
        if options.telemetry:
            (subject, *_) = _subjects(places, options.stored[:1], specimens)
            return {"telemetry": telemetry(subject, options.rounds, options.seconds)}
        return _measure(_subjects(places, options.stored, specimens), options)


@contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """A folder in the place, for as long as the bench runs."""
    folder = Path(tempfile.mkdtemp(prefix="cartwheel-bench-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _seed(workshop: Path) -> Specimens:
    """The folder `seed`: a new shop, in which only the specimens were bought."""
    note("starting a shop and buying specimens")
    with within(PATIENCE), started(workshop / "seed") as shop:
        shop.wait_until_settled()
        return buy_specimens(shop)


def _subjects(places: dict[Path, Path], numbers: list[int], specimens: Specimens) -> list[Subject]:
    """The first place and number are measured with all numbers of clients; every place has the first number, the
    first place the others as well."""
    seed = next(iter(places.values())) / "seed"
    subjects: list[Subject] = []
    for place, workshop in places.items():
        for stored in numbers if not subjects else numbers[:1]:
            clients = CLIENTS if stored == numbers[0] else (MOST_CLIENTS,)
            subject = Subject(place, stored, clients, workshop / str(stored))
            shutil.copytree(seed, subject.folder)
            fill(subject.folder, specimens, stored)
            subjects.append(subject)
    return subjects


def _measure(subjects: list[Subject], options: argparse.Namespace) -> dict[str, Any]:
    rounds: dict[Subject, list[Figures]] = {subject: [] for subject in subjects}
    client: list[Figures] = []
    for number in range(1, options.rounds + 1):
        note(f"round {number} of {options.rounds}: the client alone")
        client.append(client_floor(MOST_CLIENTS, min(0.5, options.seconds)))
        for subject in subjects:
            note(f"round {number} of {options.rounds}: {subject.name}")
            rounds[subject].append(measure(subject, options.seconds))
            if subject.place == subjects[0].place:
                rounds[subject][-1] |= growth(rounds[subject][-1], rounds[subjects[0]][-1])
    measured = [(subject, spreads(figures)) for subject, figures in rounds.items()]
    print_report(measured, spreads(client))
    return document(measured, spreads(client), {"rounds": options.rounds, "seconds": options.seconds})


if __name__ == "__main__":
    sys.exit(main())
