"""The command `cartwheel` of a version whose consumer of stock has two faults: `python -m tests.support.poisoned`.

It fails for orders of REFUSED pieces of something. Those of FORGOTTEN pieces it handles, and then loses its answer: its
effect is stored, but its queue hears of a failure, as when a function dies between the two.
"""

from typing import Any, Final
from unittest.mock import patch

from cartwheel.cli.main import main
from cartwheel.inventory import service
from cartwheel.kernel.consumer import Batch

REFUSED: Final = 2
FORGOTTEN: Final = 3

_reserve, _handle = service.reserve, Batch.handle


def _faulty_reserve(unit: Any, event: Any, *rest: Any) -> None:
    if any(line.quantity == REFUSED for line in event.lines):
        raise LookupError(f"no shelf for order {event.order_id}")
    _reserve(unit, event, *rest)


def _faulty_handle(batch: Batch, records: list[dict[str, Any]]) -> dict[str, str]:
    errors = _handle(batch, records)
    placed = [record for record in records if '"detail-type":"OrderPlaced"' in record["body"]]
    lost = [record for record in placed if f'"quantity":{FORGOTTEN}' in record["body"]]
    if batch.inbox.consumer == "inventory-events":
        errors |= {record["messageId"]: "the answer was lost" for record in lost}
    return errors


if __name__ == "__main__":
    with patch.object(service, "reserve", _faulty_reserve), patch.object(Batch, "handle", _faulty_handle):
        main()
