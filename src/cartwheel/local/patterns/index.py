"""An index over the alternatives of many rules: from an event to the few that may match it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from .anchors import Anchor
from .flat import Flat
from .rarity import Entry, Rarity
from .table import Table

SMALL = 4
"""A bucket this small is tested in turn: looking further costs as much."""
LEVELS = 3


class Index:
    """Files each entry under its rarest anchor, and the entries of a large bucket once more by their next.

    What is rare is told by the entries themselves: a source that all rules share files none of them apart.
    """

    __slots__ = ("_paths", "_rest")

    def __init__(self, entries: Sequence[Entry], used: frozenset[str] = frozenset()) -> None:
        filed: defaultdict[str, defaultdict[Anchor, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        rest: list[int] = []
        rarity = Rarity(entries, used)
        for entry in entries:
            option = rarity.rarest(entry)
            if option is None:
                rest.append(entry.number)
                continue
            for anchor in option.anchors:
                filed[option.path][anchor].append(entry)
        self._rest = tuple(rest)
        self._paths = {path: _files(path, buckets, used) for path, buckets in filed.items()}

    def bucket(self) -> "Bucket":
        return self if self._paths else self._rest

    def collect(self, flat: Flat, found: set[int]) -> None:
        """Add the numbers of all entries that may match; most of what is added does."""
        found.update(self._rest)
        fewer: Iterable[str] = self._paths if len(self._paths) < len(flat.values) else flat.values
        for path in fewer:
            files, values = self._paths.get(path), flat.values.get(path)
            if files is None or values is None:
                continue
            for known in files.table.find(values):
                bucket = files.buckets[known]
                if isinstance(bucket, Index):
                    bucket.collect(flat, found)
                else:
                    found.update(bucket)


Bucket: TypeAlias = Index | tuple[int, ...]


class _Files(NamedTuple):
    table: Table
    buckets: tuple[Bucket, ...]


def _files(path: str, buckets: dict[Anchor, list[Entry]], used: frozenset[str]) -> _Files:
    return _Files(Table(tuple(buckets)), tuple(_bucket(each, used | {path}) for each in buckets.values()))


def _bucket(entries: Sequence[Entry], used: frozenset[str]) -> Bucket:
    if len(entries) <= SMALL or len(used) >= LEVELS:
        return tuple(entry.number for entry in entries)
    return Index(entries, used).bucket()
