"""Events: typed facts, how they are read whatever version they are of, and the envelope in which they travel."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar, Final, Self

from pydantic import ValidationError

from .envelope import MAX_ENTRY_BYTES, Cause, Envelope
from .schema import Record

__all__ = ["MAX_ENTRY_BYTES", "Cause", "Envelope", "Event", "Unreadable", "Upcaster"]

Data = dict[str, Any]  # an event's data as it travels
Upcaster = Callable[[Data], Data]

NAMED: Final = 5  # fields in an error; the first of them tell enough


class Unreadable(ValueError):
    """An event that does not keep its contract. Says type, version and fields, never what is in them."""


class Event(Record):
    """The `data` of an event. A subclass names its source and the field that identifies its subject.

    class OrderPlaced(Event, source="cartwheel.ordering", subject="order_id"): ...

    Its `upcasters` read what was published before the data changed its form: the first makes data of version 2 from
    that of version 1, and so on. So its version is one more than it has upcasters, and none can be missing.
    """

    source: ClassVar[str]
    subject_field: ClassVar[str]
    upcasters: ClassVar[tuple[Upcaster, ...]] = ()
    version: ClassVar[int] = 1

    def __init_subclass__(cls, source: str, subject: str, upcasters: tuple[Upcaster, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.source, cls.subject_field, cls.upcasters = source, subject, upcasters
        cls.version = len(upcasters) + 1

    @classmethod
    def detail_type(cls) -> str:
        return cls.__name__

    @classmethod
    def read(cls, detail: dict[str, Any]) -> Self:
        """The event in the detail of an envelope, whatever its version; one that tells none is of the first.

        Raises Unreadable. A newer version is unreadable, too: guessing at it could be wrong in silence, while a message
        that fails comes again, as a dead letter if need be, when code that knows it is deployed.
        """
        metadata = detail.get("metadata")
        version = metadata.get("version", 1) if isinstance(metadata, dict) else 1
        if type(version) is not int or not 1 <= version <= cls.version:
            raise Unreadable(_unknown(cls, version))
        data = detail.get("data")
        if version < cls.version:
            data = _upcast(cls, version, data)
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise Unreadable(f"{_name(cls, version)} does not fit its schema in {_fields(error)}") from None

    def subject(self) -> str:
        """The id of the thing the event is about: all events of one thing carry the same subject."""
        return str(getattr(self, self.subject_field))


def _upcast(event_type: type[Event], version: int, data: Any) -> Any:
    """On a copy: the same message may be read again, and an upcaster may change what it is given."""
    data = deepcopy(data)
    for newer, upcaster in enumerate(event_type.upcasters[version - 1 :], version + 1):
        try:
            data = upcaster(data)
        except Exception as error:  # noqa: BLE001 - data that is not of its version can make it fail in any way
            failed = f"{_name(event_type, version)} cannot be made version {newer}: {type(error).__name__}"
            raise Unreadable(failed) from None
    return data


def _name(event_type: type[Event], version: int) -> str:
    return f"{event_type.source} {event_type.detail_type()} version {version}"


def _unknown(event_type: type[Event], version: object) -> str:
    if type(version) is not int or version < 1:
        return f"{event_type.source} {event_type.detail_type()} has a version that is no whole number from 1 up"
    known = f"this code knows it up to {event_type.version}; deploy code that knows it, then redrive the message"
    return f"{_name(event_type, version)} is from the future: {known}"


def _fields(error: ValidationError) -> str:
    """Where it does not fit, and why: `orderId (missing), lines.0.quantity (int_type)`."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    named = [f"{'.'.join(map(str, each['loc'])) or 'data'} ({each['type']})" for each in found[:NAMED]]
    return ", ".join(named) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
