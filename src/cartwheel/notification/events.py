"""The published language of notification. Addresses stay in this slice's table, events name only the message."""

from cartwheel.kernel.events import Event

SOURCE = "cartwheel.notification"


class MessageQueued(Event, source=SOURCE, subject="order_id"):
    """A mail is written and waits for the mail server."""

    message_id: str
    order_id: str


class MessageSent(Event, source=SOURCE, subject="order_id"):
    """A mail was handed to the mail server, or put into the shop's own mailbox when there is none."""

    message_id: str
    order_id: str
    kind: str


class MailsExported(Event, source=SOURCE, subject="customer_id"):
    """Some of the mails to a customer, told for their export. What follows comes as an event of its own."""

    export_id: str
    customer_id: str
    page: int
    content: str
    following: str | None = None
