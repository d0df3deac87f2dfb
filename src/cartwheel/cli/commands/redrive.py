"""`cartwheel dead-letters redrive`: in steps, at a rate, and what was not sent yet stays as it is."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from cartwheel.cli.client import Client

STEPS: Final = 5  # a second, where the rate allows it
FASTEST: Final = 500  # letters a second: five steps of as many as the shop takes in one
NOT_FOUND: Final = 404
NAMED: Final = 10  # refused letters that are told one by one

_RATE: Final = re.compile(r"([0-9]{1,4})(?:/(s|min))?")


@dataclass(frozen=True)
class Pace:
    """So many letters at once, and so many seconds from one step to the next."""

    size: int
    pause: float

    @classmethod
    def of(cls, rate: str) -> "Pace":
        """Raises ValueError."""
        match = _RATE.fullmatch(rate)
        number = int(match[1]) if match else 0
        per_second = number / 60 if match and match[2] == "min" else number
        if not 0 < per_second <= FASTEST:
            raise ValueError(f"{rate!r} is not a rate such as 10/s or 30/min, of {FASTEST}/s at most")
        size = max(1, round(per_second / STEPS))
        return cls(size, size / per_second)


@dataclass
class Tally:
    """What has come of it so far."""

    redriven: int = 0
    matching: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.redriven + len(self.refused)

    def add(self, step: dict[str, Any]) -> None:
        self.matching = step["matching"]
        self.redriven += step["redriven"]
        self.refused += step["refused"]


def redrive(
    context: typer.Context,
    letters: Annotated[list[int] | None, typer.Argument(metavar="ID", min=1, help="Dead letters …")] = None,
    queue: Annotated[str | None, typer.Option(help="… or those of this queue …")] = None,
    cause: Annotated[str | None, typer.Option(help="… or those of this cause …")] = None,
    everything: Annotated[bool, typer.Option("--all", help="… or all of them.")] = False,
    rate: Annotated[str, typer.Option(help="At most so many: 10/s, 30/min.")] = "50/s",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Send dead letters back to their queues, to be handled again.

    It is safe to repeat: a consumer does not do again what it has done. It is
    safe to interrupt: what was not sent stays where it is.

    Example: cartwheel dead-letters redrive --queue payment-events --rate 10/s
    """
    from cartwheel.cli.client import Client

    if sum((bool(letters), queue is not None, cause is not None, everything)) != 1:
        raise typer.BadParameter("give one of ID, --queue, --cause and --all", context)
    try:
        pace = Pace.of(rate)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), context, param_hint="'--rate'") from None
    with Client(data) as shop:
        if letters:
            steps = _of_ids(shop, list(dict.fromkeys(letters)), pace.size)
        else:
            steps = _of_selection(
                shop, pace.size, {"queue": queue, "cause": cause, "all": "true" if everything else None}
            )
        tally, interrupted = _run(steps, pace)
    _report(tally, interrupted, as_json)


def _of_ids(shop: "Client", ids: list[int], size: int) -> Iterator[dict[str, Any]]:
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        try:
            step = shop.act("/_host/dead-letters/redrive", id=some)
        except CliError as refused:
            if len(ids) == 1 or getattr(refused, "status", None) != NOT_FOUND:
                raise
            step = {"redriven": 0, "refused": [{"id": each, "reason": "there is no such dead letter"} for each in some]}
        yield {**step, "matching": len(ids)}


def _of_selection(shop: "Client", size: int, selection: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        step = shop.act("/_host/dead-letters/redrive", **selection, limit=size, cursor=cursor)
        yield step
        cursor = step["next"]
        if cursor is None:
            return


def _run(steps: Iterator[dict[str, Any]], pace: Pace) -> tuple[Tally, bool]:
    """What came of the steps, and whether they were interrupted."""
    tally, due = Tally(), time.monotonic()
    with _interruptible() as interrupted, output.progress("Redriving") as advance:
        for step in steps:
            tally.add(step)
            advance(tally.done, tally.matching)
            if tally.done < tally.matching:
                due += pace.pause
                interrupted.wait(max(0.0, due - time.monotonic()))
            if interrupted.is_set():
                break
    return tally, interrupted.is_set() and tally.done < tally.matching


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Ctrl-C ends the pause and not the step: what was asked for is answered, and counted. A second one ends all."""
    interrupted = Event()

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        interrupted.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _report(tally: Tally, interrupted: bool, as_json: bool) -> None:
    if as_json:
        output.print_json({"redriven": tally.redriven, "refused": tally.refused})
    else:
        output.print_text(_redriven(tally.redriven, tally.matching))
    if interrupted:
        output.note("Interrupted: the others stay dead letters. The same command goes on with them.")
        raise typer.Exit(130)
    if tally.refused:
        told = ", ".join(f"{each['id']} ({each['reason']})" for each in tally.refused[:NAMED])
        more = ", …" if len(tally.refused) > NAMED else ""
        raise CliError(f"Not redriven: {told}{more}")


def _redriven(number: int, matching: int) -> str:
    if matching == 0:
        return "There are no dead letters."
    return "1 dead letter is back on its queue." if number == 1 else f"{number} dead letters are back on their queues."
