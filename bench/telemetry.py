"""What telemetry costs: orders settled by the whole shop and by one that is mute. Both run, and are loaded in turns."""

from contextlib import ExitStack
from typing import Any, Final

from cartwheel.cli.output import note

from .figures import Figures, Spread, spreads
from .life import Subject, life, within
from .rounds import MOST_CLIENTS, PATIENCE, Round

WHOLE: Final = "cartwheel"
MUTE: Final = "bench.mute"
BENCH: Final = "processor.the bench itself"


def telemetry(subject: Subject, rounds: int, seconds: float) -> dict[str, Any]:
    """Rates, processor time per order, and their ratios within each round. Whoever goes first changes every round."""
    measured: list[Figures] = []
    with within(PATIENCE + 20 * seconds * rounds), ExitStack() as lives:
        shops = {name: Round(lives.enter_context(life(subject, name)), subject, seconds) for name in (WHOLE, MUTE)}
        for shop in shops.values():
            shop.warm_up()
        for number in range(rounds):
            order = (WHOLE, MUTE) if number % 2 else (MUTE, WHOLE)
            note(f"round {number + 1} of {rounds}: {' and then '.join(order)}")
            found = {name: shops[name].settled(MOST_CLIENTS) for name in order}
            measured.append(_compared(found[WHOLE], found[MUTE]))
    result = spreads(measured)
    _print(result)
    return {name: {"median": each.median, "least": each.least, "most": each.most} for name, each in result.items()}


def _compared(whole: Figures, mute: Figures) -> Figures:
    rate = f"settled.{MOST_CLIENTS}.rate"
    return {
        "with": whole[rate],
        "without": mute[rate],
        "ratio": whole[rate] / mute[rate],
        "processor.with": _processor(whole),
        "processor.without": _processor(mute),
        "processor.ratio": _processor(whole) / _processor(mute),
    }


def _processor(figures: Figures) -> float:
    """Milliseconds that the shop's processes used for an order."""
    return sum(spent for name, spent in figures.items() if name.startswith("processor.") and name != BENCH)


def _print(found: dict[str, Spread]) -> None:
    print(f"settled orders/s, {MOST_CLIENTS} clients: {_told(found['with'], ',.0f')} with telemetry, ", end="")
    print(f"{_told(found['without'], ',.0f')} without; ratio in the same round {_told(found['ratio'], '.3f')}")
    print(f"processor time, ms/order: {_told(found['processor.with'], '.2f')} with telemetry, ", end="")
    print(f"{_told(found['processor.without'], '.2f')} without; ratio {_told(found['processor.ratio'], '.3f')}")


def _told(spread: Spread, form: str) -> str:
    return f"{spread.median:{form}} ({spread.least:{form}} to {spread.most:{form}})"
