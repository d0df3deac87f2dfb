"""What callers may send about baskets. There is no price among it."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from cartwheel.kernel.environment import environment
from cartwheel.kernel.money import Amount, to_minor
from cartwheel.kernel.schema import Email, Request, Text

from .model import MAX_QUANTITY


class PutLine(Request):
    """How many of the SKU the basket shall hold, however many it held."""

    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY)]


class CheckOut(Request):
    """All optional. `expectedTotal` is what the shopper was shown: another total is refused instead of charged."""

    email: Email | None = None
    payment_token: Text | None = None
    expected_total: Amount | None = None
    accept_price_changes: bool = Field(default=False, strict=True)

    @field_validator("expected_total")
    @classmethod
    def _has_the_digits_of_the_currency(cls, amount: Decimal | None) -> Decimal | None:
        if amount is not None:
            to_minor(amount, environment().settings.currency)
        return amount
