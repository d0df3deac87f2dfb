"""The vault: personal data is sealed with a key of its owner, and forgetting the key erases it wherever it went.

What is sealed travels through tables, events, archive and dead letters as text that nobody there opens. The keys are in
a table of their own, one for each owner: a customer, or an order for the guest who placed it. A function declares
`seal`, `open` or `forget` for that table.

    no key ──seal──► key ──forget──► tombstone      which is for ever: nothing of this owner is sealed again
                      └──entrust──► the key, sealed with another owner's: who forgets that one, forgets both
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from .cipher import decrypt, encrypt, new_key
from .clock import now, timestamp
from .conditions import Equals, NotExists
from .errors import Erased
from .store import Item, Key, Put, Store
from .unit_of_work import UnitOfWork

TABLE: Final = "vault"
ACTIONS: Final[dict[str, frozenset[str]]] = {
    "seal": frozenset({"get", "put"}),
    "open": frozenset({"get"}),
    "forget": frozenset({"put"}),
}
ENTRUSTED: Final = "key"  # the purpose of a key that is sealed with another owner's
EMAIL: Final = "email"  # the purpose of an address that travels with an order, from slice to slice
Opener = Callable[[str, str], str | None]  # by purpose and sealed text, like `open_sealed`
PREFIX: Final = "sealed:v1:"


def granted(access: Iterable[str]) -> frozenset[str]:
    """The store actions on the table of keys that declared access comes to."""
    return frozenset().union(*(ACTIONS.get(each, frozenset()) for each in access))


def seal(unit: UnitOfWork, owner: str, purpose: str, text: str) -> str:
    """The text, sealed for this purpose alone. The owner's key is made if need be, in the unit's own transaction.

    Raises Erased when the owner's key was forgotten.
    """
    return _sealed(_pending(unit, owner) or _stored(unit, owner) or _made(unit, owner), owner, purpose, text)


def seal_first(unit: UnitOfWork, owner: str, purpose: str, text: str) -> str:
    """The same for an owner that this very transaction makes: nothing has to be read."""
    return _sealed(_pending(unit, owner) or _made(unit, owner), owner, purpose, text)


def seal_email(unit: UnitOfWork, email: str | None, customer_id: str | None, order_id: str) -> str | None:
    """The address that goes with a new order: the customer's or, where a guest orders, the order's own."""
    if email is None:
        return None
    return seal(unit, customer_id, EMAIL, email) if customer_id else seal_first(unit, order_id, EMAIL, email)


def seal_known(store: Store, owner: str, purpose: str, text: str) -> str | None:
    """The same for an owner who has a key; None for who has none, or none any more. It takes the access `open`."""
    key = _known(store, owner)
    return _sealed(key, owner, purpose, text) if key else None


def open_sealed(store: Store, purpose: str, text: str) -> str | None:
    """What was sealed; None once its owner is forgotten. What is not sealed is from before there was sealing: as it is.

    Raises NotAuthentic.
    """
    return opener(store)(purpose, text)


def opener(store: Store) -> Opener:
    """`open_sealed` for many texts, which looks for each key once. Not to be kept beyond the invocation."""
    known = cache(lambda owner: _known(store, owner))

    def open_one(purpose: str, text: str) -> str | None:
        owner = owner_of(text)
        if owner is None:
            return text
        key = known(owner)
        return decrypt(key, _bound(owner, purpose), text.rpartition(":")[2]) if key else None

    return open_one


def forget(owner: str) -> Put:
    """The write that takes the owner's key away, or makes sure that there never is one."""
    key = _key(owner)
    return Put(TABLE, {"PK": key.pk, "SK": key.sk, "forgottenAt": timestamp(now())})


def entrust(unit: UnitOfWork, owner: str, to: str) -> None:
    """Whatever is sealed for `owner`, wherever it went by now, is from here on read and forgotten with the key of `to`.

    Nothing when `owner` has no key, or was entrusted before. It takes the access `seal`. Raises Erased when the key of
    `to` was forgotten.
    """
    key = _key(owner)
    item = unit.store.get(TABLE, key)
    if item and "key" in item:
        held = {"PK": key.pk, "SK": key.sk, "entrusted": seal(unit, to, ENTRUSTED, item["key"])}
        unit.write(Put(TABLE, held, Equals("key", item["key"])))


def owner_of(text: str) -> str | None:
    """Whose a sealed text is; None when it is not sealed."""
    return text.removeprefix(PREFIX).rpartition(":")[0] if text.startswith(PREFIX) else None


def _key(owner: str) -> Key:
    return Key(f"OWNER#{owner}", f"OWNER#{owner}")


def _pending(unit: UnitOfWork, owner: str) -> str | None:
    """The key that the unit is about to store."""
    written = (write.item for write in unit.writes if isinstance(write, Put) and write.table == TABLE)
    return next((str(item["key"]) for item in written if item["PK"] == _key(owner).pk), None)


def _known(store: Store, owner: str) -> str | None:
    item = store.get(TABLE, _key(owner))
    return _key_in(store, item) if item else None


def _stored(unit: UnitOfWork, owner: str) -> str | None:
    item = unit.store.get(TABLE, _key(owner))
    key = _key_in(unit.store, item) if item else None
    if item and not key:
        raise Erased("What the shop knew of this person was erased, and nothing new is kept under the same name.")
    return key


def _key_in(store: Store, item: Item) -> str | None:
    """None in a tombstone, and where it was entrusted to somebody who is forgotten."""
    return open_sealed(store, ENTRUSTED, item["entrusted"]) if "entrusted" in item else item.get("key")


def _made(unit: UnitOfWork, owner: str) -> str:
    """Of two who make one at the same time, the second finds the first one's when its unit is done again."""
    made, key = new_key(), _key(owner)
    unit.write(Put(TABLE, {"PK": key.pk, "SK": key.sk, "key": made}, NotExists()))
    return made


def _sealed(key: str, owner: str, purpose: str, text: str) -> str:
    return f"{PREFIX}{owner}:{encrypt(key, _bound(owner, purpose), text)}"


def _bound(owner: str, purpose: str) -> str:
    """What the seal vouches for beside the text: whose it is, and what for."""
    return f"{PREFIX}{owner}:{purpose}"
