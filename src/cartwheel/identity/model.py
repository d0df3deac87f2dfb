"""A customer: profile and addresses, as one thing with one revision. No I/O."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from pydantic import Field

from cartwheel.kernel.errors import Conflict, NotFound
from cartwheel.kernel.schema import Record

MAX_ADDRESSES: Final = 20
EXPORT_KEPT: Final = timedelta(days=7)


class Place(Record):
    """Where something is sent to, or who pays. `country` is the code of ISO 3166-1."""

    name: str = Field(repr=False)
    line1: str = Field(repr=False)
    line2: str | None = Field(default=None, repr=False)
    postal_code: str | None = Field(default=None, repr=False)
    city: str = Field(repr=False)
    region: str | None = Field(default=None, repr=False)
    country: str = Field(repr=False)
    default_shipping: bool = False
    default_billing: bool = False


class Address(Place):
    """A place in a customer's book."""

    address_id: str


class Profile(Record):
    """What a customer told of themselves."""

    name: str | None = Field(default=None, repr=False)
    email: str | None = Field(default=None, repr=False)
    phone: str | None = Field(default=None, repr=False)
    marketing_consent: bool = False


class Person(Record):
    """All that is personal, which is stored sealed."""

    profile: Profile = Profile()
    addresses: tuple[Address, ...] = ()


class Customer(Record):
    """`revision` counts the times it was stored; 0: not stored yet."""

    customer_id: str
    created_at: str
    revision: int = 0
    person: Person = Person()

    def demand(self, revision: int) -> None:
        """Raises Conflict unless the change is based on what is there."""
        if revision != self.revision:
            raise Conflict(f"You are at revision {self.revision} now; read it again and repeat the change.")

    def with_profile(self, **changes: Any) -> "Customer":
        return self._with(profile=self.person.profile.model_copy(update=changes))

    def address(self, address_id: str) -> Address:
        """Raises NotFound."""
        for address in self.person.addresses:
            if address.address_id == address_id:
                return address
        raise NotFound("You have no address of this id. GET /me/addresses lists those that you have.")

    def with_address(self, changed: Address) -> "Customer":
        """A new one at the end, or a known one in its place; of each default there is one. Raises Conflict."""
        others = [_beside(address, changed) for address in self.person.addresses]
        known = [address.address_id for address in others]
        if changed.address_id in known:
            others[known.index(changed.address_id)] = changed
        elif len(others) < MAX_ADDRESSES:
            others.append(changed)
        else:
            raise Conflict(f"There is room for {MAX_ADDRESSES} addresses; delete one first.")
        return self._with(addresses=tuple(others))

    def without_address(self, address_id: str) -> "Customer":
        """Raises NotFound."""
        gone = self.address(address_id)
        return self._with(addresses=tuple(address for address in self.person.addresses if address is not gone))

    def _with(self, **changes: Any) -> "Customer":
        return self.model_copy(update={"person": self.person.model_copy(update=changes)})


class Part(Record):
    """A page of what a slice tells of a customer; `content` is sealed JSON."""

    part: str
    page: int
    last: bool
    content: str


def is_complete(parts: Iterable[Part], due: frozenset[str]) -> bool:
    """Whether each slice told all its pages: they may come in any order."""
    told: dict[str, dict[int, bool]] = {name: {} for name in due}
    for part in parts:
        told.setdefault(part.part, {})[part.page] = part.last
    return all(any(pages.values()) and set(pages) == set(range(len(pages))) for pages in told.values())


def _beside(address: Address, changed: Address) -> Address:
    return address.model_copy(
        update={
            "default_shipping": address.default_shipping and not changed.default_shipping,
            "default_billing": address.default_billing and not changed.default_billing,
        }
    )
