"""Identifiers: UUIDv7 (RFC 9562), time-ordered, so that keys grow at the right edge of every index."""

import hmac
import os
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

SYNTHETIC: Final = "8"  # RFC 9562's version for uses of one's own


def new_id() -> str:
    """A fresh UUIDv7: 48 bits of milliseconds, then 74 random bits, so it is ordered by time and unguessable."""
    return _uuid7(os.urandom(10))


def sealed_id(key: str, synthetic: bool = False) -> str:
    """A UUIDv7 whose last 32 bits are a seal, so that the shop knows an id of its own before it has stored anything.

    A checkout answers with the id of an order that ordering hears of only a moment later; asked meanwhile, ordering
    can truthfully say "pending" instead of "unknown". Guessing one order still means guessing 42 random bits and
    the millisecond.

    A `synthetic` one is of version 8 instead: whoever hears of the order knows that no shopper placed it (ADR 38).
    """
    unsealed = _uuid7(os.urandom(6) + bytes(4), SYNTHETIC if synthetic else "7")
    return unsealed[:-8] + _seal(unsealed[:-8], key)


def is_sealed(text: str, key: str) -> bool:
    """Whether this shop minted the id."""
    return is_id(text) and hmac.compare_digest(_seal(text[:-8], key), text[-8:])


def is_synthetic(text: str | None) -> bool:
    """Whether the id is of the shop's own trial. Who did not get it from the shop asks `is_sealed`, too."""
    return text is not None and text[14:15] == SYNTHETIC and is_id(text)


def _seal(text: str, key: str) -> str:
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()[:8]


def _uuid7(random_bytes: bytes, version: str = "7") -> str:
    """The text is put together here: by way of `uuid.UUID` it takes twice the time, and ids are made all the time."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    noise = random_bytes.hex()
    variant = "89ab"[int(noise[3], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-{version}{noise[:3]}-{variant}{noise[4:7]}-{noise[8:]}"


def floor(moment: datetime) -> str:
    """A text below every id that is made from this millisecond on, and above those made before."""
    milliseconds = f"{int(moment.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}"


def minted_at(text: str) -> datetime:
    """The moment an id of ours was made: a UUIDv7 begins with it, in milliseconds."""
    return datetime.fromtimestamp((UUID(text).int >> 80) / 1000, UTC)


def is_id(text: str) -> bool:
    """Whether `text` has the canonical form of an id: anything else cannot name something of ours."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
