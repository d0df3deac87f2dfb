"""DynamoDB's expressions. Names and values are placeholders, so neither a reserved word nor a value can break them."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from cartwheel.kernel.conditions import AllOf, AnyOf, AtLeast, Below, Condition, Equals, Exists, Missing, NotExists
from cartwheel.kernel.store import MAX_INTEGER, Query, Update

from .attributes import Typed, to_typed

NOTHING: Final = "cartwheel:nothing"  # no item has it


class Expression:
    """Collects the placeholders of one request while its expressions are written."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Typed] = {}

    def placeholders(self) -> dict[str, Any]:
        """What the request says beside its expressions; DynamoDB refuses empty ones."""
        names = {placeholder: name for name, placeholder in self._names.items()}
        parts = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": self._values}
        return {part: content for part, content in parts.items() if content}

    def name(self, attribute: str) -> str:
        return self._names.setdefault(attribute, f"#n{len(self._names)}")

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = to_typed(value)
        return placeholder

    def condition(self, condition: Condition) -> str:
        """DynamoDB, as the port wants it, never finds values of different types equal, nor one below the other."""
        match condition:
            case Exists():
                return f"attribute_exists({self.name('PK')})"
            case NotExists():
                return f"attribute_not_exists({self.name('PK')})"
            case Missing(attribute):
                return f"attribute_not_exists({self.name(attribute)})"
            case Equals(attribute, value):
                return f"{self.name(attribute)} = {self.value(value)}"
            case AtLeast(attribute, value):
                return f"{self.name(attribute)} >= {self.value(value)}"
            case Below(attribute, value):
                return f"{self.name(attribute)} < {self.value(value)}"
            case AnyOf(conditions):
                return joined("OR", [self.condition(each) for each in conditions])
            case AllOf(conditions):
                return joined("AND", [self.condition(each) for each in conditions])
            case _:
                assert_never(condition)

    def addable(self, change: Update) -> list[str]:
        """What must hold lest a sum is no integer of 64 bits: DynamoDB itself would go on to 38 digits."""
        return [self._addable(attribute, amount) for attribute, amount in change.add.items()]

    def _addable(self, attribute: str, amount: int) -> str:
        name = self.name(attribute)
        least, most = -MAX_INTEGER - 1 - amount, MAX_INTEGER - amount
        room = f"{name} >= {self.value(least)}" if amount < 0 else f"{name} <= {self.value(most)}"
        return joined("OR", [f"attribute_not_exists({name})", room])

    def update(self, change: Update) -> str:
        sets = [f"{self.name(attribute)} = {self.value(value)}" for attribute, value in change.set.items()]
        adds = [f"{self.name(attribute)} {self.value(amount)}" for attribute, amount in change.add.items()]
        removes = [self.name(attribute) for attribute in change.remove]
        if not (sets or adds or removes):  # the update only makes the item, which DynamoDB has no words for
            removes = [self.name(NOTHING)]
        clauses = {"SET": sets, "ADD": adds, "REMOVE": removes}
        return " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items() if parts)

    def begins(self, attribute: str, prefix: str) -> str:
        return f"begins_with({self.name(attribute)}, {self.value(prefix)})"

    def keys(self, query: Query, partition: str, sort: str) -> str:
        """Which items of a table or index the query is about."""
        clauses = [f"{self.name(partition)} = {self.value(query.pk)}"]
        if query.prefix:
            clauses.append(self.begins(sort, query.prefix))
        elif query.between:
            low, high = query.between
            least = low or "\0"  # DynamoDB compares no key with an empty text; this is the first that is none
            clauses.append(f"{self.name(sort)} BETWEEN {self.value(least)} AND {self.value(high)}")
        return " AND ".join(clauses)


def joined(operator: str, parts: Sequence[str]) -> str:
    """In parentheses where they mean something: DynamoDB refuses superfluous ones."""
    return f"({f' {operator} '.join(parts)})" if len(parts) > 1 else "".join(parts)
