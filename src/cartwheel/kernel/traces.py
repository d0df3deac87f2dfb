"""What may be told of an exception in a log: where it happened and of what kind it is, not what it says.

Its text often quotes what was sent: a name, an address, a token. Only of our own exceptions, and of the JSON parser's,
is it known that they do not.
"""

import json
import traceback
from pathlib import Path
from typing import Final

OURS: Final = "cartwheel."
DEEPEST: Final = 20  # frames of each exception, the innermost
LONGEST: Final = 500


def described(error: BaseException) -> str:
    """On one line: type and text of our own, unless they say that they quote; type and place of any other."""
    kind = type(error)
    ours = kind.__module__.startswith(OURS) and not getattr(kind, "quotes", False)
    if ours or kind is json.JSONDecodeError:
        return f"{kind.__name__}: {error}"[:LONGEST].encode(errors="backslashreplace").decode()
    frames = _frames(error)
    return f"{kind.__name__} at {_place(frames[-1])}" if frames else kind.__name__


def trace(error: BaseException) -> str:
    """The frames, outermost first, of the exception and of those that it came from."""
    told: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        told.insert(
            0, "\n".join([*(f"  {_place(frame)}" for frame in _frames(current)[-DEEPEST:]), described(current)])
        )
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(told)


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    return f"{path.parent.name}/{path.name}:{frame.lineno} in {frame.name}"
