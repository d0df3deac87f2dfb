"""The cells of a WooCommerce export, as the values they stand for. Each function raises ValueError with the reason."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.money import MAX_AMOUNT, to_minor

# WooCommerce writes a quote before what a spreadsheet would take for a formula.
_ESCAPED: Final = ("'=", "'+", "'-", "'@")
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:[.,]\d{1,15})?")


def plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith(_ESCAPED) else text


def prose(cell: str) -> str:
    r"""A description: WooCommerce writes a line break as `\n`, and `\\n` where those two characters are meant."""
    return r"\n".join(part.replace(r"\n", "\n") for part in plain(cell).split(r"\\n"))


def listed(cell: str) -> list[str]:
    r"""Values separated by commas; a comma inside a value is written `\,`."""
    return [value for part in re.split(r"(?<!\\),", plain(cell)) if (value := part.replace(r"\,", ",").strip())]


def number(cell: str) -> Decimal | None:
    """With a decimal point or, as many shops write, a decimal comma; None when there is none."""
    text = plain(cell)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:50]!r} is not a number such as 19.90")
    return Decimal(text.replace(",", "."))


def minor(amount: Decimal, currency: str) -> int:
    """An amount as minor units."""
    if not 0 <= amount <= MAX_AMOUNT:
        raise ValueError(f"the price {amount} is not between 0 and {MAX_AMOUNT}")
    return to_minor(amount, currency)


def moment(cell: str, *, ends: bool = False) -> str | None:
    """A date or a time, UTC unless it says otherwise; the end of a sale that has no time is the end of its day."""
    text = plain(cell)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(re.sub(r" (\d):", r" 0\1:", text))  # hours come without a leading zero
        if ends and len(text) <= len("2026-11-27"):
            found = datetime.combine(found, time.max)
        return timestamp(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:50]!r} is not a date such as 2026-11-27") from None


def one_of(cell: str, *allowed: str) -> str:
    """One of the values; an empty cell is the first of them."""
    text = plain(cell) or allowed[0]
    if text not in allowed:
        raise ValueError(f"{text[:50]!r} is none of {', '.join(allowed)}")
    return text
