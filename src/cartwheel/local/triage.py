"""The staff's way to dead letters: what they died of, one by one, and back to their queues in steps.

A redrive is many small requests of whoever asks for it, each a transaction. Who stops asking leaves the rest as it was,
and who asks again goes on. Letters that die again meanwhile are not part of it: the cursor knows where it ends.
"""

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.telemetry import nameless
from cartwheel.kernel.topology import App

from . import acts, letter_pages
from .channel import AsyncChannel
from .letters import Selection, Step, Stepped
from .parameters import Parameters, invalid, is_number, limit, number, one, only, parameters

MOST: Final = 100  # letters in one answer or one step
USUAL: Final = 50
CAUSE: Final = re.compile("[0-9a-f]{8}")
FILTERS: Final = ("queue", "cause", "order", "type")


@dataclass(frozen=True, slots=True)
class Run:
    """How far a redrive has come: behind which id it goes on, up to which, and the counts so far."""

    after: int
    until: int
    matching: int
    redriven: int = 0
    refused: int = 0

    def cursor(self) -> str:
        return ".".join(map(str, (self.after, self.until, self.matching, self.redriven, self.refused)))

    @classmethod
    def at(cls, cursor: str) -> "Run":
        """Raises Invalid."""
        parts = cursor.split(".")
        if len(parts) != 5:
            raise invalid("cursor", "is not one of a redrive")
        return cls(*(number(part, "cursor") for part in parts))


@dataclass
class Triage:
    """Reads on the operators' connection; a redrive goes through the storage process. `report` is the host's log, of
    a subject, a text and further facts.
    """

    app: App
    reader: sqlite3.Connection
    storage: AsyncChannel
    report: Callable[..., None]

    async def answer(self, method: str, place: list[str], query: str, by: Caller) -> Any:
        """Raises NotFound for what there is not, Invalid for a parameter that cannot be."""
        asked = parameters(query)
        match method, place:
            case "GET", ["dead-letters"]:
                return self._page(asked)
            case "GET", ["dead-letters", "causes"]:
                only(asked, "queue")
                return letter_pages.causes(self.reader, self._selection(asked).queue)
            case "POST", ["dead-letters", "redrive"]:
                return await (self._these(asked, by) if "id" in asked else self._step(asked, by))
            case "GET", ["dead-letters", letter]:
                return self._letter(letter)
        raise NotFound("Operators can list dead-letters and their causes, get one, and redrive them.")

    def _page(self, asked: Parameters) -> dict[str, Any]:
        only(asked, *FILTERS, "limit", "cursor")
        after = number(one(asked, "cursor") or "0", "cursor")
        items, more = letter_pages.page(self.reader, self._selection(asked), after, limit(asked, MOST, USUAL))
        return {"items": items, "next": str(items[-1]["id"]) if more else None}

    def _letter(self, text: str) -> dict[str, Any]:
        kept = {consumer.name: consumer.dead_letter_retention for consumer in self.app.consumers}
        found = letter_pages.whole(self.reader, int(text), kept) if is_number(text) else None
        if not found:
            raise NotFound(f"There is no dead letter {text}.")
        return found

    async def _these(self, asked: Parameters, by: Caller) -> dict[str, Any]:
        """Redrive the letters that are named. Raises NotFound when none of them is there."""
        only(asked, "id")
        ids = tuple(dict.fromkeys(number(text, "id") for text in asked["id"]))
        if len(ids) > MOST:
            raise invalid("id", f"at most {MOST} at once")
        done = await self._redrive(_step(asked, by, Selection(ids=ids), 0, max(ids), MOST))
        missing = set(ids) - {each.number for each in done.sent} - {each for each, _ in done.refused}
        if len(missing) == len(ids):
            raise NotFound(f"There is no dead letter {ids[0]}.")
        done.refused += [(each, "there is no such dead letter") for each in sorted(missing)]
        self._log(f"{len(ids)} by id", len(done.sent), len(done.refused))
        return {**_told(done), "matching": len(ids), "next": None}

    async def _step(self, asked: Parameters, by: Caller) -> dict[str, Any]:
        """Redrive a piece of a queue, of a cause, or of all."""
        only(asked, "queue", "cause", "all", "limit", "cursor")
        selection, cursor = self._selection(asked), one(asked, "cursor")
        if (selection == Selection()) is not (one(asked, "all") == "true"):
            raise invalid("all", "name either a queue or a cause, or say all=true")
        run = Run.at(cursor) if cursor else self._begin(selection)
        done = await self._redrive(_step(asked, by, selection, run.after, run.until, limit(asked, MOST, USUAL)))
        redriven, refused = run.redriven + len(done.sent), run.refused + len(done.refused)
        what = selection.queue or selection.cause or "all"
        if done.last is None:
            self._log(what, redriven, refused)
            following = None
        else:
            following = Run(done.last, run.until, run.matching, redriven, refused).cursor()
            if not cursor:
                self.report("dead-letters", f"redrive of {what} begins: {run.matching} dead letters")
        return {**_told(done), "matching": run.matching, "next": following}

    def _begin(self, selection: Selection) -> Run:
        matching, until = letter_pages.extent(self.reader, selection)
        return Run(0, until, matching)

    async def _redrive(self, step: Step) -> Stepped:
        moment = timestamp(now())  # not when the answer is here: by then a letter may have been handled again
        done: Stepped = await self.storage.call("redrive", step)
        for each in done.sent:
            if each.order_id:  # its timeline will tell
                event = {"orderId": nameless(each.order_id), "eventType": each.event_type, "eventId": each.event_id}
                facts = {"timestamp": moment, "function": each.queue, **event, "by": nameless(step.by)}
                self.report("dead-letters", "redriven", **facts)
        return done

    def _log(self, what: str, redriven: int, refused: int) -> None:
        self.report("dead-letters", f"redrive of {what} is done: {redriven} redriven, {refused} refused")

    def _selection(self, asked: Parameters) -> Selection:
        """Raises Invalid when there is no queue of the name."""
        queues = [consumer.name for consumer in self.app.consumers]
        queue, cause, order_id, event_type = (one(asked, name) for name in FILTERS)
        if queue is not None and queue not in queues:
            raise invalid("queue", f"there is no queue of that name; there are {', '.join(queues)}")
        if cause is not None and not CAUSE.fullmatch(cause):
            raise invalid("cause", "must be as the list of causes names it: eight digits of 0-9 and a-f")
        return Selection(queue, cause, order_id, event_type)


def _step(asked: Parameters, by: Caller, selection: Selection, after: int, until: int, most: int) -> Step:
    parameters = {name: " ".join(values) for name, values in asked.items()}
    return Step(selection, after, until, most, str(by.subject), acts.act(by, acts.REDRIVE, parameters))


def _told(done: Stepped) -> dict[str, Any]:
    refused = [{"id": each, "reason": reason} for each, reason in done.refused]
    return {"redriven": len(done.sent), "refused": refused}
