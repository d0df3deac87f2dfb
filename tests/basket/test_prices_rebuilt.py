"""The prices that baskets go by, made once more of the catalog's events."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.catalog.events import ProductChanged, ProductRemoved
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.staff import StaffActed
from cartwheel.kernel.store import Delete, Key, Put, Scan, scan_all
from tests.support.rebuilding import Rebuilding, told
from tests.support.shop import Shop

from .goods import offer

TABLE = "basket"


def envelope(event: Event) -> Envelope:
    return Envelope.of(event, Cause(new_id(), new_id()))


def changed(product: str, revision: int, *skus: str, price: int = 100, published: bool = True) -> Envelope:
    offers = [offer(sku, price) for sku in skus]
    return envelope(
        ProductChanged(product_id=product, revision=revision, name=product, published=published, offers=offers)
    )


def removed(product: str, revision: int, *skus: str) -> Envelope:
    return envelope(ProductRemoved(product_id=product, revision=revision, skus=list(skus)))


def happen(shop: Shop, *events: Envelope) -> tuple[Envelope, ...]:
    for event in events:
        shop.deliver("basket-events", event.to_dict())
    return events


@pytest.fixture
def events(shop: Shop) -> tuple[Envelope, ...]:
    """A product that changed, one that was withdrawn, one that is not published, one removed before it was made."""
    return happen(
        shop,
        changed("tea", 1, "green", "black"),
        changed("tea", 2, "green", "white", price=200),
        changed("cup", 1, "cup"),
        removed("cup", 2, "cup"),
        changed("pot", 1, "pot", published=False),
        removed("late", 2, "late"),
        changed("late", 1, "late"),
    )


def spoil(shop: Shop, pk: str, **attributes: Any) -> None:
    item = shop.store.get(TABLE, Key(pk, pk))
    assert item
    shop.store.transact([Put(TABLE, item | attributes)])


def live(shop: Shop) -> list[dict[str, Any]]:
    """Of the projection, and of the baskets; what is to be published, but for what staff did."""
    items = [item for item in scan_all(shop.store, Scan(TABLE, "")) if not _of_staff(item)]
    return [item for item in items if item["PK"].startswith(("OFFER#", "PRODUCT#", "BASKET#", "INBOX#", "OUTBOX#"))]


def _of_staff(item: dict[str, Any]) -> bool:
    return "events" in item and {each["source"] for each in item["events"]} == {StaffActed.source}


def test_what_the_events_come_to_equals_the_live_one(shop: Shop, events: tuple[Envelope, ...]) -> None:
    before, rebuilding = live(shop), Rebuilding(shop, "prices")
    assert rebuilding.apply(events) == {"applied": 7, "known": 0, "failed": []}
    assert rebuilding.differences() == []
    assert rebuilding.compared == 8  # offers: green and white, and tombstones of black and the cup; four products
    assert live(shop) == before


def test_a_copy_tells_which_events_it_is_made_of(shop: Shop) -> None:
    begun = Rebuilding(shop, "prices").begun
    assert begun["projection"] == "prices"
    types = [{"source": "cartwheel.catalog", "type": each} for each in ("ProductChanged", "ProductRemoved")]
    assert begun["events"] == types


def test_what_was_spoilt_is_named_and_repaired(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.apply(events)
    before = live(shop)
    spoil(shop, "OFFER#green", regular=1, currency="USD")
    shop.store.transact([Delete(TABLE, Key("OFFER#white", "OFFER#white"))])
    shop.store.transact([Put(TABLE, {"PK": "OFFER#ghost", "SK": "OFFER#ghost", "sku": "ghost"})])
    spoil(shop, "PRODUCT#tea", skus=["white", "green"])
    ghost, green, white, tea = rebuilding.differences(limit=1)
    assert (ghost["pk"], ghost["kind"], ghost["fields"], ghost["rebuilt"]) == ("OFFER#ghost", "extra", [], None)
    assert (white["pk"], white["kind"], white["fields"], white["live"]) == ("OFFER#white", "missing", [], None)
    assert (green["pk"], green["kind"]) == ("OFFER#green", "changed")
    assert green["fields"] == [
        {"name": "currency", "live": "USD", "rebuilt": "EUR", "withheld": False},
        {"name": "regular", "live": 1, "rebuilt": 200, "withheld": False},
    ]
    assert [field["name"] for field in tea["fields"]] == ["skus"]
    assert rebuilding.swap([ghost, green, white, tea]) == {"written": 3, "removed": 1, "passed": []}
    assert rebuilding.differences() == []
    assert sorted(live(shop), key=str) == sorted(before, key=str)


def test_the_same_events_twice_change_nothing(shop: Shop, events: tuple[Envelope, ...]) -> None:
    """Whole, in part, and twice in one request: whatever an interrupted client sends again."""
    rebuilding = Rebuilding(shop, "prices")
    assert rebuilding.apply([*events[:3], events[0]]) == {"applied": 3, "known": 1, "failed": []}
    assert rebuilding.apply(events) == {"applied": 4, "known": 3, "failed": []}
    assert rebuilding.apply(events) == {"applied": 0, "known": 7, "failed": []}
    assert rebuilding.differences() == []


def test_an_order_of_events_that_never_was_comes_to_the_same(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.apply(reversed(events))
    assert [each["pk"] for each in rebuilding.differences()] == []


def test_a_part_compares_only_what_its_events_touched(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices", whole=False)
    rebuilding.apply(events[2:4])
    spoil(shop, "OFFER#green", regular=1)
    assert rebuilding.differences() == []
    shop.store.transact([Put(TABLE, {"PK": "OFFER#cup", "SK": "OFFER#cup", "sku": "cup"})])
    (cup,) = rebuilding.differences()
    assert (cup["pk"], cup["kind"]) == ("OFFER#cup", "extra")
    untouched = cup | {"pk": "OFFER#green", "sk": "OFFER#green"}
    assert rebuilding.swap([untouched])["passed"] == ["OFFER#green"]
    assert rebuilding.swap([cup]) == {"written": 0, "removed": 1, "passed": []}


def test_a_part_removes_nothing_that_it_knows_nothing_of(shop: Shop, events: tuple[Envelope, ...]) -> None:
    whole, part = Rebuilding(shop, "prices"), Rebuilding(shop, "prices", whole=False)
    extra = next(each for each in whole.differences() if each["pk"] == "OFFER#green")
    assert "only a whole copy tells" in part.swap([extra], status=409)["detail"]
    assert whole.swap([extra])["removed"] == 1


def test_what_changed_since_it_was_compared_is_passed(shop: Shop, events: tuple[Envelope, ...]) -> None:
    """The live one went on, or the copy did: neither is overwritten by what was true a moment ago."""
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.apply(events)
    spoil(shop, "OFFER#green", regular=1)
    spoil(shop, "OFFER#white", regular=1)
    differences = rebuilding.differences()
    (newer,) = happen(shop, changed("tea", 3, "green", price=300))
    assert rebuilding.swap(differences) == {"written": 0, "removed": 0, "passed": ["OFFER#green", "OFFER#white"]}
    (green, _, _) = rebuilding.differences()
    rebuilding.apply([newer])
    assert rebuilding.swap([green])["passed"] == ["OFFER#green"]
    assert rebuilding.differences() == []


def test_the_live_one_may_change_in_the_very_moment_of_the_swap(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.apply(events)
    spoil(shop, "PRODUCT#tea", skus=["a"])
    differences, inner = rebuilding.differences(), shop.store.transact_each

    def overtaken(transactions: Any) -> Any:
        shop.store.transact_each = inner  # type: ignore[method-assign]
        spoil(shop, "PRODUCT#tea", skus=["a", "b"])
        return inner(transactions)

    shop.store.transact_each = overtaken  # type: ignore[method-assign]
    assert rebuilding.swap(differences) == {"written": 0, "removed": 0, "passed": ["PRODUCT#tea"]}
    (tea,) = rebuilding.differences()
    assert tea["fields"][0]["live"] == ["a", "b"]


def test_only_items_of_the_projection_are_swapped(shop: Shop) -> None:
    basket = f"BASKET#{shop.request('POST', '/baskets').json['basketId']}"
    item = {"pk": basket, "sk": basket, "live": "0" * 64, "rebuilt": None}
    problem = Rebuilding(shop, "prices").swap([item], status=422)
    assert "no item of prices" in problem["detail"]


def test_an_event_that_cannot_be_handled_is_named_and_the_others_are_applied(
    shop: Shop, events: tuple[Envelope, ...]
) -> None:
    broken = replace(changed("x", 1, "x"), detail={"metadata": {"version": 1}, "data": {"name": "secret"}})
    foreign = replace(changed("y", 1, "y"), source="somebody")
    rebuilding = Rebuilding(shop, "prices")
    done = rebuilding.apply([events[0], broken, foreign, *events[1:]])
    assert done["applied"] == 7
    assert [each["id"] for each in done["failed"]] == [broken.id, foreign.id]
    assert "product_id" in done["failed"][0]["error"] or "productId" in done["failed"][0]["error"]
    assert "secret" not in str(done)
    assert "has no handler for somebody ProductChanged" in done["failed"][1]["error"]
    assert rebuilding.differences() == []


def test_many_events_are_more_than_one_transaction(shop: Shop) -> None:
    events = happen(shop, *(changed(f"p{number}", 1, f"a{number}", f"b{number}") for number in range(100)))
    rebuilding = Rebuilding(shop, "prices")
    assert rebuilding.apply(events)["applied"] == 100
    assert rebuilding.differences() == []
    assert rebuilding.compared == 300


def test_a_product_of_as_many_variants_as_there_may_be(shop: Shop) -> None:
    """All of them replaced by others: the most that one event changes."""
    events = happen(
        shop,
        changed("p", 1, *(f"a{number}" for number in range(48))),
        changed("p", 2, *(f"b{number}" for number in range(48))),
    )
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.apply(events)
    assert rebuilding.differences() == []


def test_a_copy_that_is_discarded_or_of_another_takes_nothing(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.discard()
    rebuilding.apply(events, status=404)
    for path in (f"{rebuilding.copies}/{new_id()}", f"{rebuilding.copies}/x"):
        problem = rebuilding.ask("GET", f"{path}/differences", status=404)
        assert "POST /projections/prices/copies begins a new one" in problem["detail"]
        rebuilding.ask("DELETE", path, status=404)


@pytest.mark.parametrize("cursor", ["x", "9.", "0.x", "-1.", "1", "0", "%C2%B2."])
def test_a_cursor_that_is_none(shop: Shop, cursor: str) -> None:
    rebuilding = Rebuilding(shop, "prices", whole=False)
    answer = rebuilding.request("GET", f"{rebuilding.path}/differences?cursor={cursor}")
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "query.cursor"


def test_a_copy_ends_by_itself_and_is_in_no_index(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices")
    rebuilding.apply(events)
    items = [item for prefix in ("COPY#", "REPLAYED#") for item in scan_all(shop.store, Scan(TABLE, prefix))]
    assert len(items) == 1 + 8 + 7
    assert {item["expiresAt"] for item in items} == {rebuilding.begun["expiresAt"]}


def test_no_one_but_staff(shop: Shop) -> None:
    copies = Rebuilding(shop, "prices").path
    for method, path in (("POST", "/projections/prices/copies"), ("GET", f"{copies}/differences")):
        assert shop.request(method, path, {"whole": True}, token="customer:alice").status == 403
        assert shop.request(method, path, {"whole": True}).status == 401


def test_a_command_is_done_once_for_its_key(shop: Shop, events: tuple[Envelope, ...]) -> None:
    rebuilding = Rebuilding(shop, "prices")
    for _ in range(2):
        answer = shop.request(
            "POST",
            f"{rebuilding.path}/events",
            {"events": [told(each) for each in events]},
            token="staff",
            headers={"Idempotency-Key": "k"},
        )
        assert answer.json["applied"] == 7


moves = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.sets(st.sampled_from("xyz")), st.booleans()), max_size=8
)


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    yield shop
    shop.close()


@settings(max_examples=30, deadline=None)
@given(moves, st.integers(1, 8))
def test_however_it_came_about(long_lived: Shop, moves: list[tuple[str, int, set[str], bool]], chunk: int) -> None:
    """Products whose SKUs move from one to the other, events late and twice: handled again, it comes to the same."""
    run = new_id()[-8:]
    events = happen(
        long_lived,
        *(
            changed(run + name, revision, *(run + sku for sku in sorted(skus)), price=revision)
            if stays
            else removed(run + name, revision)
            for name, revision, skus, stays in moves
        ),
    )
    rebuilding = Rebuilding(long_lived, "prices", whole=False)
    for start in range(0, len(events), chunk):
        rebuilding.apply(events[start : start + chunk])
        rebuilding.apply(events[start : start + chunk])
    assert rebuilding.differences() == []
