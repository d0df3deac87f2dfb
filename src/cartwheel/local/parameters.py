"""Parameters of a query that operators ask with: named, known, not empty."""

from urllib.parse import parse_qs

from cartwheel.kernel.errors import FieldError, Invalid

Parameters = dict[str, list[str]]


def parameters(query: str) -> Parameters:
    return parse_qs(query, keep_blank_values=True)


def only(asked: Parameters, *names: str) -> None:
    """Raises Invalid for any other: a filter that is misspelt must not select everything."""
    for name in asked:
        if name not in names:
            raise invalid(name, f"is not known here; there are {', '.join(names)}")


def one(asked: Parameters, name: str) -> str | None:
    """The parameter's last value. Raises Invalid when it is empty: that would be no filter at all."""
    values = asked.get(name)
    if values and not values[-1]:
        raise invalid(name, "must not be empty")
    return values[-1] if values else None


def limit(asked: Parameters, most: int, usual: int) -> int:
    """How many items a page shall have. Raises Invalid."""
    found = number(one(asked, "limit") or str(usual), "limit")
    if not 1 <= found <= most:
        raise invalid("limit", f"must be from 1 to {most}")
    return found


def is_number(text: str) -> bool:
    """As large as ids can be."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def number(text: str, name: str) -> int:
    """Raises Invalid, in the name of the parameter."""
    if not is_number(text):
        raise invalid(name, "is not one of this list" if name == "cursor" else "must be a whole number")
    return int(text)


def invalid(name: str, reason: str) -> Invalid:
    """The problem of a parameter."""
    return Invalid(f"query.{name}: {reason}", [FieldError(field=f"query.{name}", reason=reason)])
