"""JSON from outside: exact decimals, and every way to be broken is one error."""

import json
import re
from decimal import Decimal
from typing import Any, Final

MAX_DEPTH: Final = 32  # of objects and lists in each other; items of tables may be no deeper, either
# A string that does not end is one, too: otherwise each quotation mark in it would be tried anew.
_TOKEN = re.compile(r'[\[{\]}]|"(?:[^"\\]|\\.)*+\\?"?', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, who reads it first and who reads it next might take different ones."""
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a name twice")
    return document


def parse(text: str | bytes | None) -> Any:
    """The parsed document; numbers with a fraction are Decimals. Raises json.JSONDecodeError, whatever is wrong."""
    if not text:
        return None
    try:
        text = text.decode() if isinstance(text, bytes) else text
        _check_depth(text)
        document = json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_each_name_once)
        if _SURROGATE.search(text):
            json.dumps(document, ensure_ascii=False, default=str).encode()  # fails for half a character
        return document
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "", 0) from None
    except (ValueError, ArithmeticError):
        reason = "not Unicode, a name is there twice, or a number is not finite or too long"
        raise json.JSONDecodeError(reason, "", 0) from None


def _check_depth(text: str) -> None:
    """Before anything is built of it. Raises ValueError."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:  # as nearly all that comes
        return
    depth = 0
    for found in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MAX_DEPTH:
            raise json.JSONDecodeError("nested too deeply", "", 0)
