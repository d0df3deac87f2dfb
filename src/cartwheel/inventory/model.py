"""The rules of stock and reservations, without I/O or clock. Quantities are pieces, moments ISO 8601 texts."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from pydantic import Field

from cartwheel.kernel.schema import Record
from cartwheel.ordering.events import OrderedLine

from .events import Shortage

DEFAULT_LOW_MARK: Final = 5

Level = Literal["in_stock", "low", "sold_out"]
State = Literal["RESERVED", "SOLD", "EXPIRED", "CANCELLED", "REJECTED"]


class Stock(Record):
    """The pieces of one SKU: `available` can be promised, `reserved` is promised to orders not paid yet.

    `shortfall` are promised pieces that the last count did not find; what comes back covers them first, otherwise it
    would be promised a second time. A SKU that is not `tracked` never runs out.

    Two are there to check the others by, and are nobody else's business: `moves` counts the changes; `balance` is kept
    apart from `available`, as what the last count found and all movements since add up to. A stock that was not counted
    since there are balances has none.
    """

    sku: str
    available: int = 0
    reserved: int = 0
    shortfall: int = 0
    low_mark: int = DEFAULT_LOW_MARK
    tracked: bool = True
    counted_at: str = ""
    moves: int = Field(default=0, exclude=True)
    balance: int | None = Field(default=None, exclude=True)

    @property
    def books(self) -> int:
        """What the balance should be."""
        return self.available - self.shortfall

    def has(self, quantity: int) -> bool:
        return not self.tracked or self.available >= quantity

    def counted(self, quantity: int | None, moment: str) -> "Stock":
        """After a count of all unsold pieces, reserved ones included; None: not tracked from now on."""
        if quantity is None:
            return self.model_copy(update={"tracked": False, "counted_at": moment})
        free = quantity - self.reserved
        update = {"available": max(0, free), "shortfall": max(0, -free), "tracked": True, "counted_at": moment}
        return self.model_copy(update=update)

    def adjusted(self, by: int) -> "Stock":
        """After pieces were taken (negative) or came back (positive)."""
        covered = self.covered_by(by)
        update = {"available": self.available + by - covered, "shortfall": self.shortfall - covered}
        return self.model_copy(update=update)

    def covered_by(self, returned: int) -> int:
        """How many of the returned pieces the shortfall swallows."""
        return max(0, min(returned, self.shortfall))

    def falls_low(self, quantity: int) -> bool:
        """Whether taking the pieces brings it from above its low mark to it or below."""
        return self.available > self.low_mark >= self.available - quantity

    @property
    def level(self) -> Level:
        if not self.tracked or self.available > self.low_mark:
            return "in_stock"
        return "low" if self.available else "sold_out"


class Reservation(Record):
    """What became of the stock of one order. It is never removed: a late or repeated event finds the decision here.

        RESERVED ──► SOLD ──────────► CANCELLED ◄── (cancelled before it was placed)
            └──► EXPIRED ──► SOLD or REJECTED, when it is confirmed after all

    `lines` is what the order wants, `held` what was taken for it from tracked stock.
    """

    order_id: str
    state: State
    lines: dict[str, int] = Field(default_factory=dict)
    held: dict[str, int] = Field(default_factory=dict)
    reserved_at: str | None = None
    deadline: str | None = None

    def becomes(self, state: State, held: dict[str, int] | None = None) -> "Reservation":
        return self.model_copy(update={"state": state, "held": self.held if held is None else held})


class Proof(NamedTuple):
    """So many pieces are reserved, as long as the stock has moved no more often."""

    reserved: int
    moves: int


def wanted(lines: Iterable[OrderedLine]) -> dict[str, int]:
    """Pieces by SKU; several lines may want the same one. Raises ValueError for a line without a quantity."""
    pieces: dict[str, int] = {}
    for line in lines:
        if line.quantity < 1:
            raise ValueError(f"a line wants {line.quantity} pieces")
        pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
    return pieces


def shortages(pieces: Mapping[str, int], stocks: Mapping[str, Stock]) -> list[Shortage]:
    """What cannot be had. A SKU that inventory does not know has nothing available."""
    return [
        Shortage(sku=sku, wanted=quantity, available=stocks[sku].available if sku in stocks else 0)
        for sku, quantity in pieces.items()
        if sku not in stocks or not stocks[sku].has(quantity)
    ]


def tracked(pieces: Mapping[str, int], stocks: Mapping[str, Stock]) -> dict[str, int]:
    """Those of the pieces that have to be taken from counted stock."""
    return {sku: quantity for sku, quantity in pieces.items() if stocks[sku].tracked}
