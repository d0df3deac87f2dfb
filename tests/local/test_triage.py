"""What the log says of a redrive, from which a timeline is told."""

import asyncio
from pathlib import Path
from typing import Any, cast

from cartwheel.app import APP
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now, timestamp
from cartwheel.local.channel import AsyncChannel
from cartwheel.local.database import open_for_reading, open_for_writing
from cartwheel.local.letters import Sent, Step, Stepped
from cartwheel.local.triage import Triage

ORDER = "01890a5d-ac96-774b-bcce-b302099a8057"


class Storage:
    """Slow to answer: the letter has long been handled again when it does."""

    sent_at = ""

    async def call(self, method: str, step: Step) -> Stepped:
        self.sent_at = timestamp(now())
        await asyncio.sleep(0.02)
        return Stepped([Sent(1, "inventory-events", ORDER, "OrderPlaced", "the-event")])


def test_a_letter_is_redriven_before_it_is_delivered_however_late_the_storage_answers(tmp_path: Path) -> None:
    open_for_writing(tmp_path, APP).close()
    reader, storage, told = open_for_reading(tmp_path), Storage(), dict[str, dict[str, Any]]()

    def report(about: str, message: str, **facts: Any) -> None:
        told[message] = facts

    triage = Triage(APP, reader, cast(AsyncChannel, storage), report)
    asyncio.run(triage.answer("POST", ["dead-letters", "redrive"], "id=1", Caller("the-staff", frozenset({"staff"}))))
    reader.close()
    redriven = told["redriven"]
    assert (redriven["function"], redriven["orderId"]) == ("inventory-events", ORDER)
    assert redriven["timestamp"] <= storage.sent_at
