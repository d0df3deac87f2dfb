"""What the functions' calls cost in AWS's units, so that the documentation can say what an order costs."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

READS: Final = ("GetItem", "Query", "Scan")
KIBIBYTE: Final = 1024


@dataclass
class Operations:
    """Counted by function and unit. The stand-in reckons DynamoDB's units from the sizes of items, as AWS does."""

    counted: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    _lock: Lock = field(default_factory=Lock)

    def count(self, function: str, target: str, body: dict[str, Any], answer: bytes) -> None:
        operation = target.rpartition(".")[2]
        units = _units(operation, body, json.loads(answer or b"{}"))
        with self._lock:
            self.counted[function, operation] += 1
            for unit, number in units.items():
                self.counted[function, unit] += number

    def totals(self) -> dict[str, float]:
        """By unit alone."""
        totals: defaultdict[str, float] = defaultdict(float)
        for (_, unit), number in self.counted.items():
            totals[unit] += number
        return dict(totals)


def _units(operation: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, float]:
    match operation:
        case "PutEvents":
            # AWS bills each started 64 KiB of an entry as an event.
            return {"events": sum(-(-len(entry["Detail"]) // (64 * KIBIBYTE)) for entry in body["Entries"])}
        case "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch":
            return {"queue requests": 1}
    if "ConsumedCapacity" not in answer:
        return {}
    consumed = answer["ConsumedCapacity"]
    units = sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))
    # The stand-in leaves out the conditions on other items: two units each.
    checks = sum("ConditionCheck" in element for element in body.get("TransactItems", ()))
    return {"read units" if operation in READS else "write units": units + 2 * checks}
