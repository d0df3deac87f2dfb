"""The published language of identity. Events name the customer by id alone: who that is stays in this slice, sealed."""

from cartwheel.kernel.events import Event

SOURCE = "cartwheel.identity"


class CustomerRegistered(Event, source=SOURCE, subject="customer_id"):
    """Somebody signed up, or the shop first learned something of a customer."""

    customer_id: str


class CustomerErased(Event, source=SOURCE, subject="customer_id"):
    """A customer is forgotten: what was sealed for them cannot be opened any more, what else is theirs has to go."""

    customer_id: str


class ExportRequested(Event, source=SOURCE, subject="customer_id"):
    """A customer wants to have all that the shop has of theirs. Each slice that has anything tells it, sealed."""

    export_id: str
    customer_id: str
