"""The identity table. All that is personal is sealed for its customer.

CUSTOMER#<id>                          a customer; of one who was erased, that and when
EXPORT#<id>  EXPORT                    an export, for a week
EXPORT#<id>  PART#<slice>#<page>       … and what has been told for it
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from cartwheel.kernel.clock import epoch, now, timestamp
from cartwheel.kernel.conditions import Condition, Equals, NotExists
from cartwheel.kernel.errors import Erased
from cartwheel.kernel.store import EXPIRES, Item, Key, Put, Query, Store, query_all
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import open_sealed, seal

from .model import EXPORT_KEPT, Customer, Part, Person

TABLE: Final = "identity"
PERSON: Final = "person"  # the purpose its seal is for


def _key(customer_id: str) -> Key:
    return Key(f"CUSTOMER#{customer_id}", f"CUSTOMER#{customer_id}")


def read(store: Store, customer_id: str) -> Item | None:
    """The item as it is stored, of an erased customer too."""
    return store.get(TABLE, _key(customer_id))


def find(store: Store, customer_id: str) -> Customer | None:
    """Raises Erased."""
    item = read(store, customer_id)
    if item is None:
        return None
    person = open_sealed(store, PERSON, item["person"]) if "person" in item else None
    if person is None:
        raise Erased("Your account was erased. Sign up again to begin anew.")
    return Customer.model_validate({**item, "person": Person.model_validate_json(person)})


def save(unit: UnitOfWork, customer: Customer) -> None:
    """Store the next revision, if none was stored since the one it was made from."""
    key = _key(customer.customer_id)
    content = customer.person.model_dump_json(by_alias=True, exclude_none=True)
    item = {
        "PK": key.pk,
        "SK": key.sk,
        "customerId": customer.customer_id,
        "createdAt": customer.created_at,
        "revision": customer.revision + 1,
        "person": seal(unit, customer.customer_id, PERSON, content),
    }
    unit.write(Put(TABLE, item, _unchanged(customer.revision)))


def erase(customer_id: str, revision: int) -> Put:
    """In the place of the customer, that there was one."""
    key = _key(customer_id)
    told = {"customerId": customer_id, "revision": revision + 1, "erasedAt": timestamp(now())}
    return Put(TABLE, {"PK": key.pk, "SK": key.sk, **told}, _unchanged(revision))


def _unchanged(revision: int) -> Condition:
    return Equals("revision", revision) if revision else NotExists()


class Export(NamedTuple):
    """An export that was asked for, and what has been told for it; `expires_at` in epoch seconds."""

    customer_id: str
    expires_at: int
    parts: list[Part]


def begin_export(export_id: str, customer_id: str, moment: datetime) -> Put:
    return _of_export(export_id, "EXPORT", moment, {"customerId": customer_id})


def add_part(export_id: str, part: Part, moment: datetime) -> Put:
    return _of_export(export_id, f"PART#{part.part}#{part.page:06}", moment, part.model_dump(by_alias=True))


def _of_export(export_id: str, sk: str, moment: datetime, content: dict[str, Any]) -> Put:
    return Put(TABLE, {"PK": f"EXPORT#{export_id}", "SK": sk, **content, EXPIRES: epoch(moment + EXPORT_KEPT)})


def find_export(store: Store, export_id: str) -> Export | None:
    asked, *parts = [*query_all(store, Query(TABLE, f"EXPORT#{export_id}")), None]
    if asked is None or "customerId" not in asked:
        return None
    return Export(asked["customerId"], asked[EXPIRES], [Part.model_validate(part) for part in parts if part])
