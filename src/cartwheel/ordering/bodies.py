"""What callers may send about orders."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from cartwheel.kernel.money import Amount, Currency, to_minor
from cartwheel.kernel.schema import Email, Request, Text


class CreateOrder(Request):
    """A direct order by amount. The currency comes first, because it says how many digits the amount may have."""

    currency: Currency
    amount: Annotated[Amount, Field(gt=0, json_schema_extra={"exclusiveMinimum": 0})]
    email: Email | None = None
    payment_token: Text | None = None

    @field_validator("amount")
    @classmethod
    def _has_the_digits_of_its_currency(cls, amount: Decimal, fields: ValidationInfo) -> Decimal:
        if "currency" in fields.data:
            to_minor(amount, fields.data["currency"])
        return amount
