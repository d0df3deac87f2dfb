"""The `Journal` of the data folder: log files are searched as they lie there, and queues are looked into."""

import json
import mmap
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.journal import MOST_LINES, Delivery, Held, Line, Unreachable
from cartwheel.kernel.letters import told_by

from .database import open_for_reading
from .logs import FOLDER

_MESSAGES: Final = (
    "SELECT queue, body, sent_at, receives, error, visible_at, NULL, received_at, history FROM messages "
    "WHERE instr(body, ?) ORDER BY id"
)
_LETTERS: Final = (
    "SELECT queue, body, sent_at, receives, error, NULL, id, died_at, history FROM dead_letters "
    "WHERE order_id = ? ORDER BY id"
)


@dataclass(frozen=True)
class FileJournal:
    """See the module's text; `reader` is a connection that only reads."""

    folder: Path
    reader: sqlite3.Connection

    @classmethod
    def open(cls, folder: Path) -> "FileJournal":
        return cls(folder / FOLDER, open_for_reading(folder))

    def lines(self, about: str, since: datetime) -> list[Line]:
        try:
            paths = [path for path in self.folder.iterdir() if path.stat().st_mtime >= since.timestamp()]
            found = [line for path in paths for line in _lines_of(path, about.encode())]
        except OSError as error:
            raise Unreachable(f"the log files cannot be read: {error.strerror}") from None
        return sorted(found, key=lambda line: str(line["timestamp"]))[-MOST_LINES:]

    def held(self, order_id: str) -> list[Held]:
        try:
            waiting = self.reader.execute(_MESSAGES, (order_id,)).fetchall()
            letters = self.reader.execute(_LETTERS, (order_id,)).fetchall()
        except sqlite3.Error as error:
            raise Unreachable(f"the queues cannot be read: {error}") from None
        return [held for row in (*waiting, *letters) if (held := _held(order_id, *row))]


def _lines_of(path: Path, word: bytes) -> Iterator[Line]:
    """The lines with the word, newest first, at most as many as anybody is told."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if not size:
            return
        with closing(mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)) as text:
            end = size
            for _ in range(MOST_LINES):
                at = text.rfind(word, 0, end)
                if at < 0:
                    return
                start = text.rfind(b"\n", 0, at) + 1
                stop = text.find(b"\n", at)
                yield from _parsed(text[start : stop if stop >= 0 else size])
                end = start


def _parsed(line: bytes) -> Iterator[Line]:
    """None, if it is none of ours, or not yet written to its end."""
    try:
        fields = json.loads(line)
        fields["timestamp"] = timestamp(datetime.fromisoformat(fields["timestamp"]))
    except (ValueError, KeyError, TypeError):
        return
    yield fields


def _held(
    order_id: str,
    queue: str,
    body: str,
    sent_at: int,
    receives: int,
    error: str | None,
    visible_at: int | None,
    letter: int | None,
    last_at: int | None,
    history: str | None,
) -> Held | None:
    told = told_by(body)
    if told.order_id != order_id or told.event_id is None:
        return None
    past = [_delivery(entry) for entry in json.loads(history or "[]")]
    if error and last_at and not letter:  # a message's history has all deliveries but the last
        past.append(Delivery(_time(last_at), error))
    return Held(
        function=queue,
        event_id=told.event_id,
        event_type=told.event_type or "",
        sent_at=_time(sent_at),
        receives=receives,
        error=error,
        next_at=_time(visible_at) if visible_at else None,
        letter=letter,
        history=tuple(past),
    )


def _delivery(entry: dict[str, Any]) -> Delivery:
    return Delivery(_time(entry["at"]), entry.get("error"), entry.get("redrivenBy"))


def _time(milliseconds: int) -> str:
    return timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC))
