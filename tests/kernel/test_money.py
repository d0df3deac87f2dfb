from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cartwheel.kernel import json
from cartwheel.kernel.money import DIGITS, MAX_AMOUNT, Amount, known_currency, shown, to_decimal, to_minor

currencies = st.sampled_from(sorted(DIGITS))
amounts: TypeAdapter[Decimal] = TypeAdapter(Amount)


@given(st.integers(0, int(MAX_AMOUNT) * 1000), currencies)
def test_minor_units_and_decimals_are_the_same_amount(minor: int, currency: str) -> None:
    assert to_minor(to_decimal(minor, currency), currency) == minor


@given(st.integers(0, int(MAX_AMOUNT)), currencies)
def test_what_is_shown_is_read_as_the_same_amount(minor: int, currency: str) -> None:
    assert to_minor(Decimal(repr(shown(minor, currency))), currency) == minor


@given(st.decimals(0, MAX_AMOUNT, allow_nan=False, places=6), currencies)
def test_no_digit_is_lost(amount: Decimal, currency: str) -> None:
    """An amount is taken exactly or refused."""
    exact = amount * 10 ** DIGITS[currency]
    if exact == int(exact):
        assert to_minor(amount, currency) == int(exact)
    else:
        with pytest.raises(ValueError, match=f"{currency} has {DIGITS[currency]} digits"):
            to_minor(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("99.99", "EUR", 9999), ("100.00000", "EUR", 10000), ("1e2", "JPY", 100), ("0.001", "KWD", 1), ("0", "ISK", 0)],
)
def test_examples(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("99.999", "EUR"), ("1.5", "JPY"), ("0.0001", "KWD"), ("1E-999999", "EUR"), ("0." + "0" * 50 + "1", "EUR")],
)
def test_more_digits_than_the_currency_has_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["0", "0.00", "99.99", "1000000000", "1e2"])
def test_amounts_that_are_taken(text: str) -> None:
    assert amounts.validate_python(json.parse(text)) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["-0.01", "-1", "1000000000.01", "1e400", "1e999999", '"5"', "true", "null", "[]", "{}", "9" * 5000, "9" * 400],
)
def test_amounts_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        amounts.validate_python(json.parse(text))


@pytest.mark.parametrize("value", [5.5, float("nan"), Decimal("NaN"), Decimal("Infinity"), True, None, "5"])
def test_only_exact_numbers_are_amounts(value: Any) -> None:
    with pytest.raises(ValidationError):
        amounts.validate_python(value)


def test_an_unknown_currency_is_refused_with_a_known_one() -> None:
    for code in ("XYZ", "eur", "", "EURO"):
        with pytest.raises(ValueError, match="such as EUR"):
            known_currency(code)
