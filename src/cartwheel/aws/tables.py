"""What the adapter has to know of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class DynamoTable:
    """A table by its name on AWS; `indexes` are partition and sort attribute by index name."""

    name: str
    indexes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def indexed(self) -> frozenset[str]:
        """The attributes that its indexes need."""
        return frozenset(attribute for pair in self.indexes.values() for attribute in pair)


Tables = Mapping[str, DynamoTable]  # by their names in the map
