"""W3C trace context: where a piece of work stands in all that one request led to.

    traceparent: 00-<trace, 32 hex digits>-<span it comes from, 16>-<flags>

Each request and each delivery is a span. The events that it emits carry its id, so whoever handles them knows what
came before. An environment runs one invocation at a time, so one span is active.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

MAX_STATE: Final = 512  # characters of a tracestate that have to be passed on
SAMPLED: Final = 1  # the one flag that is passed on

_PARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


class Context(NamedTuple):
    """A span, as far as others have to know it. `parent_id` is None for the first one of a trace."""

    trace_id: str
    span_id: str
    parent_id: str | None = None
    sampled: bool = True
    state: str | None = None  # of those who traced it before us: passed on, not looked into

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> "Context":
        return Context(self.trace_id, _new_span(), self.span_id, self.sampled, self.state)


_active: list[Context] = []


def begin(traceparent: str | None = None, tracestate: str | None = None) -> Context:
    """A span below the one that is named, active from now on. A new trace, where none is, or no valid one."""
    above = _read(traceparent, tracestate)
    return activate(above.child() if above else Context(os.urandom(16).hex(), _new_span()))


def activate(context: Context) -> Context:
    _active[:] = [context]
    return context


def forget() -> None:
    """Whatever comes next is no part of what came before."""
    _active.clear()


def active() -> Context | None:
    return _active[0] if _active else None


@contextmanager
def within() -> Iterator[Context]:
    """A span below the active one, for as long as a call lasts: its `traceparent` is for whoever is called."""
    above = active()
    try:
        yield activate(above.child()) if above else begin()
    finally:
        _active[:] = [above] if above else []


def carried() -> dict[str, str]:
    """What an event that is emitted now carries with it."""
    context = active()
    if context is None:
        return {}
    state = {"tracestate": context.state} if context.state else {}
    return {"traceparent": context.traceparent, **state}


def marks() -> dict[str, Any]:
    """What every line of the log has, which is written now; None stands for what it does not have."""
    context = active()
    if context is None:
        return {}
    return {"traceId": context.trace_id, "spanId": context.span_id, "sampled": None if context.sampled else False}


def ids(context: Context) -> dict[str, str]:
    """For the line that tells of the span itself: by it the tree is put together."""
    parent = {"parentSpanId": context.parent_id} if context.parent_id else {}
    return {"traceId": context.trace_id, "spanId": context.span_id, **parent}


def _new_span() -> str:
    return os.urandom(8).hex()


def span_id(traceparent: str | None) -> str:
    """The span that a traceparent names; empty for none, or no valid one."""
    named = _read(traceparent, None)
    return named.span_id if named else ""


def _read(traceparent: str | None, tracestate: str | None) -> Context | None:
    """None for what is no traceparent of version 00, nor begins like one of a later version."""
    found = _PARENT.fullmatch((traceparent or "").strip())
    if not found:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    state = tracestate if tracestate and len(tracestate) <= MAX_STATE and tracestate.isascii() else None
    return Context(trace_id, span_id, None, bool(int(flags, 16) & SAMPLED), state)
