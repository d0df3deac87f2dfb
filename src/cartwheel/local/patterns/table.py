"""The anchors on one path, arranged so that a value finds the ones it meets by looking them up."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from .anchors import Anchor, Kind
from .flat import Entry
from .intervals import IntervalTree
from .matchers import address_of, exact_key, fold
from .terms import as_number

LONGEST_SCANNED = 4096
"""Beyond this a value is not searched for what wildcards hold in the middle: testing them costs less."""

Texts: TypeAlias = dict[str, int]
ByLength: TypeAlias = dict[int, Texts]


class Table:
    """Every anchor is known by its position in the sequence the table was made of."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._present = [known for known, anchor in enumerate(anchors) if anchor.kind is Kind.PRESENT]
        self._exact = {anchor.key: known for known, anchor in enumerate(anchors) if anchor.kind is Kind.EXACT}
        self._folded = _texts(anchors, Kind.FOLDED)
        self._prefixes = _by_length(_texts(anchors, Kind.PREFIX))
        self._suffixes = _by_length(_texts(anchors, Kind.SUFFIX))
        self._folded_prefixes = _by_length(_texts(anchors, Kind.FOLDED_PREFIX))
        self._folded_suffixes = _by_length(_texts(anchors, Kind.FOLDED_SUFFIX))
        self._infixes = _by_length(_texts(anchors, Kind.INFIX))
        self._networks = _networks(anchors)
        self._ranges = _ranges(anchors)
        self._text_lookups = self._used_lookups()

    def _used_lookups(self) -> list[Callable[[str, list[int]], None]]:
        """Only the look-ups some anchor needs: most paths are asked for exact values alone."""
        folded = self._folded or self._folded_prefixes or self._folded_suffixes
        lookups = [
            (self._prefixes, self._find_prefixes),
            (self._suffixes, self._find_suffixes),
            (folded, self._find_folded),
            (self._infixes, self._find_infixes),
            (self._networks, self._find_networks),
        ]
        return [lookup for wanted, lookup in lookups if wanted]

    def find(self, entries: Sequence[Entry]) -> list[int]:
        """The anchors any of these values meets; one may be found more than once."""
        found = list(self._present)
        # A large array may repeat its values, and asking once is enough.
        for key, value in {exact_key(value): value for _, value in entries}.items():
            known = self._exact.get(key)
            if known is not None:
                found.append(known)
            if isinstance(value, str):
                for lookup in self._text_lookups:
                    lookup(value, found)
            elif self._ranges is not None:
                number = as_number(value)
                if number is not None:
                    found += self._ranges.holding(number)
        return found

    def _find_prefixes(self, value: str, found: list[int]) -> None:
        _find_heads(self._prefixes, value, found)

    def _find_suffixes(self, value: str, found: list[int]) -> None:
        _find_tails(self._suffixes, value, found)

    def _find_folded(self, value: str, found: list[int]) -> None:
        folded = fold(value)
        known = self._folded.get(folded)
        if known is not None:
            found.append(known)
        _find_heads(self._folded_prefixes, folded, found)
        _find_tails(self._folded_suffixes, folded, found)

    def _find_infixes(self, value: str, found: list[int]) -> None:
        for length, texts in self._infixes.items():
            if len(value) > LONGEST_SCANNED:
                found += texts.values()
                continue
            parts = {value[start : start + length] for start in range(len(value) - length + 1)}
            found += [texts[part] for part in parts & texts.keys()]

    def _find_networks(self, value: str, found: list[int]) -> None:
        address = address_of(value)
        if address is None:
            return
        version, number = address
        for (of_version, host_bits), networks in self._networks.items():
            known = networks.get(number >> host_bits) if of_version == version else None
            if known is not None:
                found.append(known)


def _find_heads(by_length: ByLength, value: str, found: list[int]) -> None:
    for length, texts in by_length.items():
        known = texts.get(value[:length])
        if known is not None:
            found.append(known)


def _find_tails(by_length: ByLength, value: str, found: list[int]) -> None:
    for length, texts in by_length.items():
        known = texts.get(value[len(value) - length :]) if length <= len(value) else None
        if known is not None:
            found.append(known)


def _texts(anchors: Sequence[Anchor], kind: Kind) -> Texts:
    return {str(anchor.key): known for known, anchor in enumerate(anchors) if anchor.kind is kind}


def _by_length(texts: Texts) -> ByLength:
    """Texts of one length are found by one slice, however many they are."""
    found: ByLength = {}
    for text, known in texts.items():
        found.setdefault(len(text), {})[text] = known
    return found


def _networks(anchors: Sequence[Anchor]) -> dict[tuple[int, int], dict[int, int]]:
    found: dict[tuple[int, int], dict[int, int]] = {}
    for known, anchor in enumerate(anchors):
        if anchor.kind is Kind.NETWORK and isinstance(anchor.key, tuple):
            version, host_bits, network = anchor.key
            found.setdefault((version, host_bits), {})[network] = known
    return found


def _ranges(anchors: Sequence[Anchor]) -> IntervalTree | None:
    spans = [
        (*anchor.key, known)
        for known, anchor in enumerate(anchors)
        if anchor.kind is Kind.RANGE and isinstance(anchor.key, tuple)
    ]
    return IntervalTree(spans) if spans else None
