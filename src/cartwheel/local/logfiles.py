"""The log files of a data folder, read from their ends: the newest entries, and those that come.

A file is known by its inode. One that was rotated away is read on: a function that slept may still write to it.
"""

import contextlib
import heapq
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO, Final

BLOCK: Final = 256 * 1024
SUFFIX: Final = ".jsonl"

Filter = Callable[[bytes], bool]


@dataclass(frozen=True)
class Entry:
    """A line of a log. What is not JSON, such as a print, is all message."""

    moment: datetime
    function: str
    fields: dict[str, Any]


@dataclass
class LogFile:
    """An open log file; what is behind `position` was not read yet."""

    function: str
    file: BinaryIO
    position: int = 0

    def skip(self) -> None:
        """To the end of the last whole line."""
        size = self.file.seek(0, os.SEEK_END)
        start = max(0, size - BLOCK)
        self.file.seek(start)
        self.position = start + self.file.read(size - start).rfind(b"\n") + 1

    def newer(self) -> Iterator[tuple[bytes, Entry]]:
        """The whole lines behind the position, oldest first."""
        moment = datetime.now(UTC)
        self.file.seek(self.position)
        for line in self.file:
            if not line.endswith(b"\n"):
                return
            self.position += len(line)
            entry = parse(self.function, line, moment)
            moment = entry.moment
            yield line, entry

    def older(self, wanted: Filter) -> Iterator[Entry]:
        """The lines in front of the position, newest first."""
        moment = datetime.fromtimestamp(os.fstat(self.file.fileno()).st_mtime, UTC)
        for line in filter(wanted, self._backwards()):
            entry = parse(self.function, line, moment)
            moment = entry.moment
            yield entry

    def _backwards(self) -> Iterator[bytes]:
        end, rest = self.position, b""
        while end > 0:
            start = max(0, end - BLOCK)
            self.file.seek(start)
            rest, *lines = (self.file.read(end - start) + rest).split(b"\n")
            yield from filter(None, reversed(lines))
            end = start
        if rest:
            yield rest


@dataclass
class Logs:
    """The logs of all functions, or of one, merged by time."""

    folder: Path
    function: str | None
    _files: dict[tuple[int, int], LogFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._look()
        for log in self._files.values():
            log.skip()

    def close(self) -> None:
        for log in self._files.values():
            log.file.close()

    def last(self, number: int, wanted: Filter, since: datetime, until: datetime) -> list[Entry]:
        """The newest entries of that time, oldest first. No more of the files is read than that takes."""
        sources = [log.older(wanted) for log in self._files.values()]
        newest_first = heapq.merge(*sources, key=lambda entry: entry.moment, reverse=True)
        of_the_time = takewhile(lambda entry: entry.moment >= since, newest_first)
        return list(islice((entry for entry in of_the_time if entry.moment <= until), number))[::-1]

    def newer(self, wanted: Filter) -> list[Entry]:
        """What came since the last look, oldest first."""
        self._look()
        entries = [entry for log in self._files.values() for line, entry in log.newer() if wanted(line)]
        return sorted(entries, key=lambda entry: entry.moment)

    def _look(self) -> None:
        """Open the files that are new, and let go of those that are no longer there."""
        there = set()
        for path in self._paths():
            with contextlib.suppress(FileNotFoundError):  # rotated away this very moment; the next look finds it
                there.add(self._known(path))
        for gone in self._files.keys() - there:
            self._files.pop(gone).file.close()

    def _paths(self) -> Iterator[Path]:
        name = self.function or "*"
        yield from self.folder.glob(name + SUFFIX)
        yield from self.folder.glob(name + SUFFIX + ".1")

    def _known(self, path: Path) -> tuple[int, int]:
        status = path.stat()
        key = status.st_dev, status.st_ino
        if key not in self._files:
            self._files[key] = LogFile(path.name.partition(SUFFIX)[0], path.open("rb"))
        return key


def functions(folder: Path) -> list[str]:
    """The names of the functions that have a log."""
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob("*" + SUFFIX))


def parse(function: str, line: bytes, otherwise: datetime) -> Entry:
    """A line as an entry; one that tells no time gets `otherwise`, when its neighbour was written."""
    text = line.decode(errors="replace").rstrip()
    try:
        fields = json.loads(text)
        moment = datetime.fromisoformat(fields["timestamp"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError):
        return Entry(otherwise, function, {"message": text})
    return Entry(moment, function, fields)
