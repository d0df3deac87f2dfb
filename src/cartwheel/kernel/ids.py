"""Identifiers: UUIDv7 (RFC 9562), time-ordered, so that keys grow at the right edge of every index."""

import hmac
import os
import time
from datetime import UTC, datetime
from uuid import UUID


def new_id() -> str:
    """A fresh UUIDv7: 48 bits of milliseconds, then 74 random bits, so it is ordered by time and unguessable."""
    return _uuid7(os.urandom(10))


def sealed_id(key: str) -> str:
    """A UUIDv7 whose last 32 bits are a seal, so that the shop knows an id of its own before it has stored anything.

    A checkout answers with the id of an order that ordering hears of only a moment later; asked meanwhile, ordering
    can truthfully say "pending" instead of "unknown". Guessing one order still means guessing 42 random bits and
    the millisecond.
    """
    unsealed = _uuid7(os.urandom(6) + bytes(4))
    return unsealed[:-8] + _seal(unsealed[:-8], key)


def is_sealed(text: str, key: str) -> bool:
    """Whether this shop minted the id."""
    return is_id(text) and hmac.compare_digest(_seal(text[:-8], key), text[-8:])


def _seal(text: str, key: str) -> str:
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()[:8]


def _uuid7(random_bytes: bytes) -> str:
    """The text is put together here: by way of `uuid.UUID` it takes twice the time, and ids are made all the time."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    noise = random_bytes.hex()
    variant = "89ab"[int(noise[3], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-7{noise[:3]}-{variant}{noise[4:7]}-{noise[8:]}"


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
