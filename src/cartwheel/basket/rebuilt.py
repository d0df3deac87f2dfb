"""What of basket's table is made of the catalog's events alone."""

from typing import Final

from cartwheel.catalog.events import ProductChanged, ProductRemoved
from cartwheel.kernel.projection import Projected

from .store import TABLE

PRICES: Final = Projected(
    name="prices",
    table=TABLE,
    handler="cartwheel.basket.consumers:handler",
    events=(ProductChanged, ProductRemoved),
    prefixes=("OFFER#", "PRODUCT#"),
)
