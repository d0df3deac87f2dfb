"""A mail: written once for an order and an occasion, then delivered. No I/O."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from cartwheel.kernel.clock import epoch, timestamp
from cartwheel.kernel.schema import Record

KEPT: Final = timedelta(days=365)  # a mail names a person: it is not kept for ever


class Kind(StrEnum):
    """The occasion of a mail; also the name of its template."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    FULFILLED = "fulfilled"
    REFUNDED = "refunded"


class MailState(StrEnum):
    """ERASED: the shop forgot who was to get it before it was sent, so it never will be."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    SENT_TO_MAILBOX = "SENT_TO_MAILBOX"
    ERASED = "ERASED"


class Mail(Record):
    """A written mail. Its id is made of order and kind, so no order gets a second one of a kind. `to` is sealed."""

    message_id: str
    order_id: str
    kind: Kind
    to: str
    subject: str
    text: str
    state: MailState
    created_at: str
    expires_at: int

    @classmethod
    def written(
        cls, order_id: str, kind: Kind, to: str, content: tuple[str, str], state: MailState, moment: datetime
    ) -> Self:
        """`content` is subject and text."""
        subject, text = content
        return cls(
            message_id=message_id(order_id, kind),
            order_id=order_id,
            kind=kind,
            to=to,
            subject=subject,
            text=text,
            state=state,
            created_at=timestamp(moment),
            expires_at=epoch(moment + KEPT),
        )

    def delivered(self, state: MailState) -> Self:
        return self.model_copy(update={"state": state})


def message_id(order_id: str, kind: Kind) -> str:
    return f"{order_id}.{kind}"
