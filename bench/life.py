"""The life of a measured shop: on a fresh copy of its data folder, bounded in time, and with no process left behind."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from cartwheel.local.address import is_taken
from cartwheel.local.database import FILE
from tests.support.running import RunningShop

LAST_PROCESS: Final = 10  # seconds in which the host's other processes end after it


@dataclass(frozen=True)
class Subject:
    """What is measured: a shop with so many orders stored, in a place, with these numbers of clients."""

    place: Path
    stored: int
    clients: tuple[int, ...]
    folder: Path  # as it was filled; each round works on a copy

    @property
    def name(self) -> str:
        return f"{self.place}, {self.stored:,} orders stored"


@contextmanager
def started(folder: Path, module: str = "cartwheel") -> Iterator[RunningShop]:
    """A shop for as long as it is measured; afterwards nothing of it runs, and its folder is at rest.

    `module` is what starts it, as `python -m`.
    """
    shop = RunningShop(folder, module=module)
    try:
        shop.start()
        yield shop
    finally:
        if shop.process:
            shop.close()
        end = time.monotonic() + LAST_PROCESS
        while is_taken(folder) and time.monotonic() < end:
            time.sleep(0.01)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TimeoutError when it takes longer."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(int(seconds) + 1)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def life(subject: Subject, module: str = "cartwheel") -> Iterator[RunningShop]:
    """A shop on a copy of the subject's folder."""
    folder = subject.folder.with_name(f"{subject.folder.name}-{module}")
    shutil.copytree(subject.folder, folder)
    _flush(folder / FILE)
    try:
        with started(folder, module) as shop:
            yield shop
    finally:
        shutil.rmtree(folder)


def _flush(path: Path) -> None:
    """Otherwise the machine would write the copy back while the shop is measured."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
