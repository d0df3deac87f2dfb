"""What callers may send about orders."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from cartwheel.kernel.money import Amount, Currency, to_minor
from cartwheel.kernel.schema import Email, Request, Text

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _a_day(text: object) -> object:
    """A number alone would be taken for seconds since 1970."""
    if isinstance(text, str) and not _DAY.fullmatch(text):
        raise ValueError("must be a day, such as 2026-11-27")
    return text


Day = Annotated[date, BeforeValidator(_a_day)]


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
