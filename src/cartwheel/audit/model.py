"""The chain: each entry names the hash of the one before, and the head the hash of the last.

    0000…0 ◄── previous ┌───────┐ hash ◄── previous ┌───────┐ hash ◄── head
                        │ 1     │                   │ 2     │
                        └───────┘                   └───────┘

The hash of an entry is the SHA-256 of its text, and the text is all of it: nobody who checks it needs to know how it
was made. Who changes, removes, adds or moves an entry has to make every later one anew, and the head; that shows to who
has kept the hash of any later head elsewhere.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from cartwheel.kernel.staff import StaffActed, canonical, digest

BEGINNING: Final = "0" * 64
DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain is. `recorded_at` is that of its last entry."""

    seq: int = 0
    hash: str = BEGINNING
    recorded_at: str = ""

    def next(self, event_id: str, moment: str, act: StaffActed) -> "Entry":
        """The entry that follows. The times in a chain never go back, whatever clocks do."""
        recorded_at = max(moment, self.recorded_at)
        content = {
            "seq": self.seq + 1,
            "previous": self.hash,
            "eventId": event_id,
            "recordedAt": recorded_at,
            "who": act.who,
            "groups": act.groups,
            "route": act.route,
            "parameters": act.parameters,
            "requestId": act.request_id,
            "actedAt": act.acted_at,
            "changes": [change.model_dump(by_alias=True, exclude_none=True) for change in act.changes],
        }
        text = canonical(content)
        return Entry(self.seq + 1, act.who, text, digest(text), recorded_at)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is stored: where, under whose name, its text, and the hash of that."""

    seq: int
    who: str
    text: str
    hash: str
    recorded_at: str

    @property
    def head(self) -> Head:
        return Head(self.seq, self.hash, self.recorded_at)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is found: `seq` is the place where it stands. Nothing in it need be true."""

    seq: int
    who: str
    text: str
    hash: str

    @classmethod
    def read(cls, item: dict[str, Any]) -> Self:
        """From an item of `GET /audit`."""
        return cls(item["seq"], item["who"], item["entry"], item["hash"])

    def content(self) -> dict[str, Any]:
        """What the text says; empty when it is no JSON object."""
        try:
            content = json.loads(self.text)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


@dataclass
class Verifier:
    """Follows a chain from its beginning, in steps; each method tells what is wrong, by entry.

    `kept` are heads: that of before the walk, and those that were kept elsewhere.
    """

    kept: Sequence[tuple[int, str]] = ()
    seq: int = 0
    hash: str = BEGINNING

    def follow(self, links: Iterable[Link]) -> Iterator[str]:
        for link in links:
            yield from self._faults(link)
            self.seq, self.hash = link.seq, link.hash

    def end(self, seq: int) -> Iterator[str]:
        """With how far the head is after the walk: never less far than the entries, which come together with it."""
        last = max((number for number, _ in self.kept), default=0)
        if self.seq < last:
            yield f"entry {self.seq + 1} is missing, and what follows up to entry {last}: the end was cut off"
        if seq < self.seq:
            yield f"the head was changed: it names entry {seq}, and entry {self.seq} is there"

    def _faults(self, link: Link) -> Iterator[str]:
        content = link.content()
        if link.seq != self.seq + 1:
            yield f"entry {self.seq + 1} is missing: entry {link.seq} follows on entry {self.seq}"
        if digest(link.text) != link.hash:
            yield f"entry {link.seq} was changed: its hash is not that of its text"
        elif content.get("seq") != link.seq:
            yield f"entry {link.seq} was moved or put in: by its own text it is entry {content.get('seq')}"
        elif content.get("previous") != self.hash:
            yield f"entry {link.seq} does not follow on entry {link.seq - 1}: that one or this one was replaced"
        elif content.get("who") != link.who:
            yield f"entry {link.seq} was changed: it is listed under another name than its text has"
        if any(number == link.seq and kept != link.hash for number, kept in self.kept):
            yield f"entry {link.seq} has another hash than its head had: it, one before it, or the head was replaced"
