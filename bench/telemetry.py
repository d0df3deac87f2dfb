"""What telemetry costs: settled orders of the whole shop, and of one that is mute, in turns."""

from typing import Any, Final

from cartwheel.cli.output import note

from .figures import Figures, Spread, spreads
from .life import Subject, life, within
from .rounds import MOST_CLIENTS, PATIENCE, Round

MUTE: Final = "bench.mute"
RATE: Final = f"settled.{MOST_CLIENTS}.rate"


def telemetry(subject: Subject, rounds: int, seconds: float) -> dict[str, Any]:
    """The rates with and without it, and their ratio within each round. Whoever goes first changes every round."""
    measured: list[Figures] = []
    for number in range(rounds):
        modules = ("cartwheel", MUTE) if number % 2 else (MUTE, "cartwheel")
        note(f"round {number + 1} of {rounds}: {' and then '.join(modules)}")
        rates = {module: _settled(subject, module, seconds) for module in modules}
        whole, mute = rates["cartwheel"], rates[MUTE]
        measured.append({"with": whole, "without": mute, "ratio": whole / mute})
    found = spreads(measured)
    print(f"settled orders/s, {MOST_CLIENTS} clients: {_told(found['with'], ',.0f')} with telemetry, ", end="")
    print(f"{_told(found['without'], ',.0f')} without; ratio in the same round {_told(found['ratio'], '.3f')}")
    return {name: {"median": each.median, "least": each.least, "most": each.most} for name, each in found.items()}


def _settled(subject: Subject, module: str, seconds: float) -> float:
    with within(PATIENCE + 10 * seconds), life(subject, module) as shop:
        return Round(shop, subject, seconds).settled()[RATE]


def _told(spread: Spread, form: str) -> str:
    return f"{spread.median:{form}} ({spread.least:{form}} to {spread.most:{form}})"
