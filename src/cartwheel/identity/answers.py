"""What callers are told. Only what is read holds personal data: answers to commands are stored for their repetition."""

from typing import Any

from cartwheel.kernel.schema import Record

from .model import Address, Customer


class ProfileAnswer(Record):
    """Who is signed in. `revision` is 0 until something is stored."""

    customer_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    marketing_consent: bool
    revision: int

    @classmethod
    def of(cls, customer: Customer, email: str | None) -> "ProfileAnswer":
        """`email` is that of the token, if it tells one: the account's present one."""
        told = customer.person.profile.model_dump() | ({"email": email} if email else {})
        return cls(customer_id=customer.customer_id, revision=customer.revision, **told)


class AddressBook(Record):
    """All addresses, in the order they were added."""

    items: list[Address]
    revision: int


class Saved(Record):
    """The change is stored; the next one is based on this revision."""

    revision: int


class SavedAddress(Saved):
    """The same, for an address."""

    address_id: str


class AcceptedExport(Record):
    """The export is being put together; it can be had at `/me/exports/{exportId}`."""

    export_id: str


class ExportPart(Record):
    """A page of what one slice has."""

    part: str
    page: int
    data: Any


class ExportAnswer(Record):
    """What has been told so far; all of it once it is `complete`."""

    export_id: str
    complete: bool
    parts: list[ExportPart]
    expires_at: str
