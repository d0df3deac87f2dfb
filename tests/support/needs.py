"""Every handler is watched in all tests: of its event it reads what it said that it needs, and nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.events import Event
from cartwheel.kernel.inbox import Reaction
from cartwheel.kernel.unit_of_work import UnitOfWork

READ: defaultdict[Reaction, set[str]] = defaultdict(set)  # what each has read so far, in this process

_under_way: ContextVar[Reaction | None] = ContextVar("under way", default=None)
_react: Callable[[Reaction, Envelope, UnitOfWork], None] = Reaction.__call__


class Undeclared(AssertionError):
    """A handler reads a field that it did not say it needs."""


@contextmanager
def watched() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reaction, "__call__", _watch)
        patch.setattr(Event, "__getattribute__", _read)
        yield


def _watch(reaction: Reaction, envelope: Envelope, unit: UnitOfWork) -> None:
    token = _under_way.set(reaction)
    try:
        _react(reaction, envelope, unit)
    finally:
        _under_way.reset(token)


def _read(event: Event, name: str) -> Any:
    reaction = _under_way.get()
    if reaction and type(event) is reaction.event_type and name in reaction.event_type.model_fields:
        READ[reaction].add(name)
        if name not in reaction.needs:
            raise Undeclared(f'name "{name}" in `.on({type(event).__name__}, …)`: the handler reads it')
    return object.__getattribute__(event, name)
