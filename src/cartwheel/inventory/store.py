"""The keys and access patterns of the inventory table.

    STOCK#<sku>             the stock of a SKU
    LISTING, <sku>          one entry per SKU, for the list of all stock
    RESERVATION#<orderId>   the reservation of an order; index by-expiry while it is RESERVED
    RECOUNT#<runId>         what a reconciliation proved to be reserved, for whoever corrects it

The list is entries of its own, written once per SKU: an index over the stock would be written, in one hot partition,
with every piece that is sold.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from cartwheel.kernel.clock import epoch, now, timestamp
from cartwheel.kernel.conditions import AllOf, AtLeast, Below, Condition, Equals, Missing, NotExists
from cartwheel.kernel.inbox import REMEMBERED
from cartwheel.kernel.store import EXPIRES, Key, Put, Query, Scan, Store, Update, Write

from .model import Proof, Reservation, State, Stock

TABLE: Final = "inventory"
LISTING: Final = "LISTING"
SHARDS: Final = 4


def stock_key(sku: str) -> Key:
    return Key(f"STOCK#{sku}", f"STOCK#{sku}")


def find_stock(store: Store, sku: str) -> Stock | None:
    item = store.get(TABLE, stock_key(sku))
    return Stock.model_validate(item) if item else None


def find_stocks(store: Store, skus: Iterable[str]) -> dict[str, Stock]:
    """Those of the SKUs that are known."""
    return {sku: stock for sku in skus if (stock := find_stock(store, sku))}


def list_stock(store: Store, limit: int, cursor: str | None) -> tuple[list[Stock], str | None]:
    """A page of all stock in the order of SKUs, and the cursor of the next."""
    page = store.query(Query(TABLE, LISTING, limit=limit, cursor=cursor))
    return list(find_stocks(store, (entry["SK"] for entry in page.items)).values()), page.next


def create(stock: Stock) -> list[Write]:
    """A SKU that inventory did not know."""
    key = stock_key(stock.sku)
    item = {"PK": key.pk, "SK": key.sk, **stock.model_dump(by_alias=True), "balance": stock.books}
    return [Put(TABLE, item, NotExists()), Put(TABLE, {"PK": LISTING, "SK": stock.sku})]


def recount(before: Stock, after: Stock) -> Update:
    """Store a count. It was computed from what is reserved, so that may not have changed meanwhile."""
    counted = after.model_dump(by_alias=True, exclude={"sku", "reserved"}) | {"balance": after.books}
    unchanged = AllOf((Equals("reserved", before.reserved), Equals("countedAt", before.counted_at)))
    return Update(TABLE, stock_key(after.sku), set=counted, add={"moves": 1}, condition=unchanged)


def take(stock: Stock, quantity: int, *, reserve: bool) -> Update:
    """Take pieces away, to reserve them or for good; never more than there are.

    It adds to what is stored instead of writing what was read, and its condition is a range, not a version: hundreds
    may buy the same SKU at once, and none of them fails because another one was faster, only because it is sold out.
    """
    add = {"available": -quantity} | ({"reserved": quantity} if reserve else {})
    return _move(stock, -quantity, add, _same_side_of_low_mark(stock, quantity))


def _move(stock: Stock, pieces: int, add: dict[str, int], condition: Condition) -> Update:
    """So many pieces more or fewer, entered into the balance, too, if the stock has one."""
    entered = {**add, "moves": 1}
    if stock.balance is None:
        condition = AllOf((condition, Missing("balance")))
    else:
        entered["balance"] = pieces
    return Update(TABLE, stock_key(stock.sku), add=entered, condition=condition)


def _same_side_of_low_mark(stock: Stock, quantity: int) -> Condition:
    """Enough is there, and the low mark is passed by this very write exactly if it looked so when it was read.

    0 ──────── low mark ──────── low mark + quantity ────────
      is low           passes it                    stays above
    """
    low, above = stock.low_mark + 1, stock.low_mark + 1 + quantity
    if stock.available >= above:
        return AtLeast("available", above)
    if stock.available >= low:
        return AllOf((AtLeast("available", max(low, quantity)), Below("available", above)))
    return AllOf((AtLeast("available", quantity), Below("available", low)))


def give_back(stock: Stock, quantity: int, *, reserved: bool) -> Update:
    """Make pieces available again, reserved ones or others, except those that cover a shortfall."""
    covered = stock.covered_by(quantity)
    add = {"available": quantity - covered, "shortfall": -covered} | ({"reserved": -quantity} if reserved else {})
    return _move(stock, quantity, add, Equals("shortfall", stock.shortfall))


def sell(sku: str, quantity: int) -> Update:
    """Reserved pieces are sold. The reservation they belong to is the condition, in the same transaction."""
    return Update(TABLE, stock_key(sku), add={"reserved": -quantity, "moves": 1})


def find_reservation(store: Store, order_id: str) -> Reservation | None:
    key = f"RESERVATION#{order_id}"
    item = store.get(TABLE, Key(key, key))
    return Reservation.model_validate(item) if item else None


def save(reservation: Reservation, before: State | None = None) -> Put:
    """Store a reservation that is new, or that was in the state `before`: no state ever comes back."""
    key = f"RESERVATION#{reservation.order_id}"
    item = {"PK": key, "SK": key, **reservation.model_dump(by_alias=True, exclude_none=True)}
    if reservation.state == "RESERVED":
        shard = zlib.crc32(reservation.order_id.encode()) % SHARDS
        item |= {"expiryShard": f"EXPIRY#{shard}", "expiryKey": f"{reservation.deadline}#{reservation.order_id}"}
    return Put(TABLE, item, Equals("state", before) if before else NotExists())


def overdue(store: Store, moment: datetime) -> Iterator[str]:
    """The orders whose reservations have passed their deadline, a bounded number of them."""
    for shard in range(SHARDS):
        due = Query(TABLE, f"EXPIRY#{shard}", index="by-expiry", between=("0", timestamp(moment)))
        yield from (item["orderId"] for item in store.query(due).items)


def all_reservations(cursor: str | None) -> Scan:
    return Scan(TABLE, "RESERVATION#", cursor=cursor)


def prove(run_id: str, proved: dict[str, Proof]) -> Put:
    """Remember what is really reserved of some SKUs, for as long as the findings about them can be delivered."""
    key = _recount_key(run_id)
    proofs = {sku: proof._asdict() for sku, proof in proved.items()}
    return Put(TABLE, {"PK": key.pk, "SK": key.sk, "proofs": proofs, EXPIRES: epoch(now() + REMEMBERED)})


def find_proof(store: Store, run_id: str, sku: str) -> Proof | None:
    item = store.get(TABLE, _recount_key(run_id))
    return Proof(**item["proofs"][sku]) if item and sku in item["proofs"] else None


def _recount_key(run_id: str) -> Key:
    return Key(f"RECOUNT#{run_id}", f"RECOUNT#{run_id}")


def correct(sku: str, proof: Proof) -> Update:
    """Set the reserved pieces to what they were proved to be; fails when the stock has moved since."""
    unmoved = Equals("moves", proof.moves) if proof.moves else Missing("moves")
    return Update(TABLE, stock_key(sku), set={"reserved": proof.reserved}, add={"moves": 1}, condition=unmoved)
