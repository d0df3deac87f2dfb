"""What takes its time is begun before all cases, so that it is ripe when its case looks at it."""

from dataclasses import dataclass

from cartwheel.app import APP

from .shop import Shop

QUEUES = tuple(consumer.name for consumer in APP.consumers)


@dataclass(frozen=True)
class Sown:
    """`unpaid` is an order whose payment never comes, `unsent` one whose goods are never sent."""

    unpaid: str
    unsent: str
    poison: str


def sow(shop: Shop) -> Sown:
    """Two orders that nobody goes on with, and in every queue a message that nobody can handle."""
    poison = f"poison-{shop.mark}"
    for queue in QUEUES:
        shop.host.send(queue, f'["{poison}"]')
    return Sown(shop.buy(shop.sku("unpaid"), 3, paymentToken="tok_timeout"), shop.order(1.5), poison)
