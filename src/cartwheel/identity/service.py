"""The use cases of customers. Those of exports are in `exports.py`."""

from collections.abc import Callable

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import forget

from . import store
from .answers import AddressBook, ProfileAnswer, Saved, SavedAddress
from .bodies import PostAddress, PutAddress, PutProfile
from .events import CustomerErased, CustomerRegistered
from .model import Address, Customer


def register(unit: UnitOfWork, customer_id: str, email: str | None) -> None:
    """Somebody signed up. Who is known already, or erased already, stays as they are."""
    if store.read(unit.store, customer_id) is None:
        _save(unit, _new(customer_id).with_profile(email=email))


def read_profile(reader: Store, customer_id: str, caller: Caller) -> ProfileAnswer:
    """Raises Erased."""
    return ProfileAnswer.of(_find(reader, customer_id), caller.email)


def put_profile(unit: UnitOfWork, customer_id: str, caller: Caller, body: PutProfile) -> Saved:
    """Raises Conflict, Erased."""

    def change(customer: Customer) -> Customer:
        customer.demand(body.revision)
        told = {"email": caller.email} if caller.email else {}
        return customer.with_profile(**body.model_dump(exclude={"revision"}), **told)

    return Saved(revision=_change(unit, customer_id, change))


def read_addresses(reader: Store, customer_id: str) -> AddressBook:
    """Raises Erased."""
    customer = _find(reader, customer_id)
    return AddressBook(items=list(customer.person.addresses), revision=customer.revision)


def add_address(unit: UnitOfWork, customer_id: str, body: PostAddress) -> SavedAddress:
    """Raises Conflict when there are enough of them, Erased."""
    address = Address(address_id=new_id(), **body.model_dump())
    revision = _change(unit, customer_id, lambda customer: customer.with_address(address))
    return SavedAddress(address_id=address.address_id, revision=revision)


def put_address(unit: UnitOfWork, customer_id: str, address_id: str, body: PutAddress) -> SavedAddress:
    """Raises NotFound, Conflict, Erased."""
    address = Address(address_id=address_id, **body.model_dump(exclude={"revision"}))

    def change(customer: Customer) -> Customer:
        customer.address(address_id)
        customer.demand(body.revision)
        return customer.with_address(address)

    return SavedAddress(address_id=address_id, revision=_change(unit, customer_id, change))


def remove_address(unit: UnitOfWork, customer_id: str, address_id: str) -> None:
    """Raises NotFound, Erased."""
    _change(unit, customer_id, lambda customer: customer.without_address(address_id))


def erase(unit: UnitOfWork, customer_id: str) -> None:
    """Forget a customer, all in one transaction: the key, the profile, and the event that tells everybody else.

    Once more is fine, and changes nothing.
    """
    item = store.read(unit.store, customer_id) or {"revision": 0}
    if "erasedAt" in item:
        return
    unit.write(forget(customer_id), store.erase(customer_id, item["revision"]))
    unit.emit(CustomerErased(customer_id=customer_id))


def _find(reader: Store, customer_id: str) -> Customer:
    return store.find(reader, customer_id) or _new(customer_id)


def _new(customer_id: str) -> Customer:
    return Customer(customer_id=customer_id, created_at=timestamp(now()))


def _change(unit: UnitOfWork, customer_id: str, change: Callable[[Customer], Customer]) -> int:
    """Store what becomes of the customer; answers the revision."""
    changed = change(_find(unit.store, customer_id))
    _save(unit, changed)
    return changed.revision + 1


def _save(unit: UnitOfWork, customer: Customer) -> None:
    """Who is stored for the first time is told to everybody, too."""
    store.save(unit, customer)
    if not customer.revision:
        unit.emit(CustomerRegistered(customer_id=customer.customer_id))
