"""Exports: a customer asks for all that is theirs, every slice tells its part, and here it is put together.

POST /me/exports ─► ExportRequested ─► each slice ─► its part, sealed ─► collected ─► GET /me/exports/{id}
"""

import json
from datetime import UTC, datetime
from typing import Final

from cartwheel.basket.events import BasketExported
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import Erased, NotFound
from cartwheel.kernel.export import CONTENT
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import opener, seal
from cartwheel.notification.events import MailsExported
from cartwheel.ordering.events import OrdersExported

from . import store
from .answers import AcceptedExport, ExportAnswer, ExportPart
from .events import ExportRequested
from .model import Part, Person, is_complete

Told = BasketExported | OrdersExported | MailsExported

PARTS: Final[dict[type[Told], str]] = {BasketExported: "basket", OrdersExported: "orders", MailsExported: "mails"}
OWN: Final = "customer"
DUE: Final = frozenset({OWN, *PARTS.values()})


def request(unit: UnitOfWork, customer_id: str) -> AcceptedExport:
    """Raises Erased."""
    export_id, moment = new_id(), now()
    customer = store.find(unit.store, customer_id)
    own = (customer.person if customer else Person()).model_dump_json(by_alias=True, exclude_none=True)
    part = Part(part=OWN, page=0, last=True, content=seal(unit, customer_id, CONTENT, own))
    unit.write(store.begin_export(export_id, customer_id, moment), store.add_part(export_id, part, moment))
    unit.emit(ExportRequested(export_id=export_id, customer_id=customer_id))
    return AcceptedExport(export_id=export_id)


def collect(unit: UnitOfWork, event: Told) -> None:
    part = Part(part=PARTS[type(event)], page=event.page, last=event.following is None, content=event.content)
    unit.write(store.add_part(event.export_id, part, now()))


def read(reader: Store, customer_id: str, export_id: str) -> ExportAnswer:
    """Raises NotFound, and Erased."""
    export = store.find_export(reader, export_id)
    if export is None or export.customer_id != customer_id:
        raise NotFound("You have no export of this id, or it is more than a week old. POST /me/exports makes one.")
    open_part = opener(reader)
    parts = []
    for part in export.parts:
        content = open_part(CONTENT, part.content)
        if content is None:
            raise Erased("Your account was erased.")
        parts.append(ExportPart(part=part.part, page=part.page, data=json.loads(content)))
    return ExportAnswer(
        export_id=export_id,
        complete=is_complete(export.parts, DUE),
        parts=parts,
        expires_at=timestamp(datetime.fromtimestamp(export.expires_at, UTC)),
    )
