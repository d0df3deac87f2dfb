"""What a basket costs at a moment, and what stands between it and a checkout."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.kernel.errors import Conflict, FieldError
from cartwheel.kernel.money import MAX_AMOUNT, to_decimal, to_minor

from .model import Basket, Line, SoldOffer


class Unavailable(Conflict):
    kind, title = "unavailable", "Something in the basket is no longer sold"


class PriceChanged(Conflict):
    kind, title = "price-changed", "Prices have changed"


class TotalChanged(Conflict):
    kind, title = "total-changed", "The total is not the expected one"


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line and the price of one piece now; None: it is no longer sold."""

    line: Line
    price: int | None

    @property
    def changed(self) -> bool:
        return self.price is not None and self.price != self.line.price

    @property
    def total(self) -> int:
        return (self.price or 0) * self.line.quantity


@dataclass(frozen=True, slots=True)
class Quote:
    """The lines with their prices of now; never those that the client knows."""

    lines: tuple[QuotedLine, ...]
    currency: str

    @classmethod
    def of(cls, basket: Basket, offers: Mapping[str, SoldOffer], currency: str, moment: str) -> "Quote":
        def price(line: Line) -> int | None:
            return offers[line.sku].price_at(moment) if line.sku in offers else None

        return cls(tuple(QuotedLine(line, price(line)) for line in basket.lines), currency)

    @property
    def total(self) -> int:
        """Of what is sold."""
        return sum(quoted.total for quoted in self.lines)

    @property
    def is_too_much(self) -> bool:
        return self.total >= to_minor(MAX_AMOUNT, self.currency)

    def check(self, expected: Decimal | None, accept_changes: bool) -> None:
        """Raises a Conflict that says what stands in the way of a checkout, and how the shopper gets past it."""
        if not self.lines:
            raise Conflict("The basket is empty; put something into it first.")
        self._check_availability()
        if not accept_changes:
            self._check_prices()
        if self.is_too_much:
            raise Conflict(f"An order must stay below {MAX_AMOUNT:,} {self.currency}; lower the quantities.")
        if expected is not None and to_minor(expected, self.currency) != self.total:
            raise TotalChanged(f"The total is {self._shown(self.total)}; check out again with this `expectedTotal`.")

    def _check_availability(self) -> None:
        gone = [
            FieldError(field=f"lines.{quoted.line.sku}", reason=f"{quoted.line.name} is no longer sold")
            for quoted in self.lines
            if quoted.price is None
        ]
        if gone:
            raise Unavailable("Remove the lines that are no longer sold, then check out again.", gone)

    def _check_prices(self) -> None:
        changed = [
            FieldError(
                field=f"lines.{quoted.line.sku}",
                reason=f"{quoted.line.name} was {self._shown(quoted.line.price)}, is {self._shown(quoted.price)}",
            )
            for quoted in self.lines
            if quoted.price is not None and quoted.changed
        ]
        if changed:
            raise PriceChanged("Check out again with `acceptPriceChanges`: true to buy at the new prices.", changed)

    def _shown(self, minor: int) -> str:
        return f"{to_decimal(minor, self.currency)} {self.currency}"
