"""Money: integer minor units and an ISO 4217 currency inside, decimals at the edge."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

# ISO 4217 minor-unit digits of the currencies a shop may use.
DIGITS: Final[dict[str, int]] = {
    **dict.fromkeys(
        (
            *("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR"),
            *("ILS", "INR", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY"),
            *("TWD", "UAH", "USD", "ZAR"),
        ),
        2,
    ),
    **dict.fromkeys(["CLP", "ISK", "JPY", "KRW", "VND"], 0),
    **dict.fromkeys(["BHD", "JOD", "KWD", "OMR", "TND"], 3),
}

MAX_AMOUNT: Final = Decimal(1_000_000_000)


def known_currency(code: str) -> str:
    if code not in DIGITS:
        raise ValueError(f"unknown currency {code!r}; use an ISO 4217 code such as EUR")
    return code


Currency = Annotated[str, AfterValidator(known_currency), Field(json_schema_extra={"enum": sorted(DIGITS)})]


def _a_number(value: object) -> object:
    if type(value) not in (int, Decimal):
        raise ValueError("must be a number, such as 99.99")
    return value


def _not_too_much(amount: Decimal) -> Decimal:
    if amount > MAX_AMOUNT:
        raise ValueError(f"must not be more than {MAX_AMOUNT}")
    return amount


# A decimal amount in a request body; how many digits it may have depends on its currency, see `to_minor`.
Amount = Annotated[
    Decimal,
    BeforeValidator(_a_number),
    Field(ge=0),
    AfterValidator(_not_too_much),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": int(MAX_AMOUNT)}),
]


def to_minor(amount: Decimal, currency: str) -> int:
    """99.99 EUR as 9999. Raises ValueError when the amount has more digits than the currency."""
    minor = int(amount.scaleb(DIGITS[currency]))
    # Compared with the amount itself: arithmetic rounds to 28 digits, comparison is exact.
    if to_decimal(minor, currency) != amount:
        raise ValueError(f"{currency} has {DIGITS[currency]} digits after the point, {amount} has more")
    return minor


def to_decimal(minor: int, currency: str) -> Decimal:
    """9999 EUR as 99.99."""
    return Decimal(minor).scaleb(-DIGITS[currency])


def shown(minor: int, currency: str) -> float:
    """The decimal the API shows. A float prints every amount below MAX_AMOUNT exactly (15 digits)."""
    return float(to_decimal(minor, currency))
