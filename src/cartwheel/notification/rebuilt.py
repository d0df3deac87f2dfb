"""What of notification's table is made of the events of orders. How a mail fared, and when, is not."""

from typing import Final

from cartwheel.kernel.projection import Projected

from .service import KINDS
from .store import TABLE

MAILS: Final = Projected(
    name="mails",
    table=TABLE,
    handler="cartwheel.notification.consumers:events",
    events=tuple(KINDS),
    prefixes=("MAIL#",),
    besides=frozenset({"state", "createdAt", "expiresAt", "mailbox", "mailboxKey"}),
    personal=frozenset({"to", "subject", "text"}),
)
