"""What can be done with products. Every change writes product, guards, lists and event in one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from cartwheel.kernel.clock import now
from cartwheel.kernel.errors import Conflict, FieldError, Invalid, NotFound
from cartwheel.kernel.ids import is_id
from cartwheel.kernel.store import MAX_TRANSACTION_ITEMS, Item, Page, Store, Write
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import import_store, model, store
from .categories import Category
from .listing import Sort, categories_of, is_found, scope_of, scopes_of
from .model import Content, Product

# The outbox row, the mark of an Idempotency-Key and an import's note go into the same transaction.
MAX_WRITES: Final = MAX_TRANSACTION_ITEMS - 3
# A page with few matches is filled by reading on, so often; what is left comes with the next page.
MAX_READS: Final = 50


def find(items: Store, product_id: str) -> Product:
    """The product. Raises NotFound."""
    found = store.product(items, product_id) if is_id(product_id) else None
    if found is None:
        raise NotFound("There is no product with this id.")
    return found


def browse(
    items: Store, query: str | None, category: str | None, sort: Sort, limit: int, cursor: str | None
) -> tuple[list[Product], str | None]:
    """A page of the shop's list, and where the next one begins."""

    def read(limit: int, cursor: str | None) -> Page:
        return store.entries(items, scope_of(category), sort, limit, cursor)

    entries, further = _filled(read, lambda entry: is_found(entry, query), limit, cursor)
    return [Product.model_validate(entry["product"]) for entry in entries], further


def browse_categories(items: Store, limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
    """A page of the categories that have products; a parent comes before its children."""
    return _filled(
        lambda limit, cursor: store.categories(items, limit, cursor), lambda item: item["products"] > 0, limit, cursor
    )


def _filled(
    read: Callable[[int, str | None], Page], wanted: Callable[[Item], bool], limit: int, cursor: str | None
) -> tuple[list[Item], str | None]:
    """Read on until the page is full. Never more than is missing, so that the last read's cursor is the page's."""
    found: list[Item] = []
    for _ in range(MAX_READS):
        page = read(limit - len(found), cursor)
        found += [item for item in page.items if wanted(item)]
        cursor = page.next
        if cursor is None or len(found) == limit:
            break
    return found, cursor


def create(unit: UnitOfWork, content: Content, guard: str | None = None) -> Product:
    """A new product. Raises Conflict when a SKU is another product's."""
    moment = now()
    return _save(unit, None, model.new(content, moment, guard), moment)


def change(unit: UnitOfWork, old: Product, content: Content, guard: str | None = None) -> Product:
    """The product with other content. Raises Conflict when a SKU is another product's."""
    moment = now()
    return _save(unit, old, model.revised(old, content, moment, guard), moment)


def replace(unit: UnitOfWork, product_id: str, revision: int, content: Content) -> Product:
    """Change a product as its editor saw it. Raises NotFound, and Conflict when it was changed meanwhile."""
    old = find(unit.store, product_id)
    if old.revision != revision:
        raise Conflict(f"The product is at revision {old.revision} now; read it again and repeat the change.")
    return old if content == old.content else change(unit, old, content)


def remove(unit: UnitOfWork, product_id: str) -> None:
    """Take the product and its SKUs out of the shop. Raises NotFound."""
    old = find(unit.store, product_id)
    unit.write(store.delete_product(old), import_store.delete_note(product_id))
    unit.write(*(store.release(guard, product_id) for guard in sorted(model.guards_of(old))))
    unit.write(*_relisted(product_id, old, None, now()))
    unit.emit(model.removed(old))


def _save(unit: UnitOfWork, old: Product | None, new: Product, moment: datetime) -> Product:
    before, after = model.guards_of(old), model.guards_of(new)
    _refuse_taken(unit.store, new, after - before)
    writes: list[Write] = [store.put_product(new, old)]
    writes += [store.claim(guard, new.product_id) for guard in sorted(after - before)]
    writes += [store.release(guard, new.product_id) for guard in sorted(before - after)]
    writes += _relisted(new.product_id, old, new, moment)
    if len(writes) > MAX_WRITES:
        raise Invalid("This replaces too many SKUs and categories at once; do it in two steps.")
    unit.write(*writes)
    kept = set(new.content.skus)
    unit.emit(model.changed(new, [sku for sku in old.content.skus if sku not in kept] if old else []))
    return new


def _refuse_taken(items: Store, new: Product, guards: set[str]) -> None:
    owners = {guard: store.owner(items, guard) for guard in sorted(guards)}
    taken = {guard.partition("#")[2]: holder for guard, holder in owners.items() if holder}
    if taken:
        skus = new.content.skus
        errors = [
            FieldError(
                field=f"body.variants.{skus.index(name)}.sku" if name in skus else "sku",
                reason=f"{name} belongs to product {holder}",
            )
            for name, holder in taken.items()
        ]
        raise Conflict("; ".join(f"SKU {error.reason}" for error in errors), errors)


def _relisted(product_id: str, old: Product | None, new: Product | None, moment: datetime) -> list[Write]:
    """What takes a product from the lists it was in to those where it belongs, and keeps count in the categories."""
    left = sorted(scopes_of(old) - scopes_of(new))
    writes: list[Write] = [store.delete_entry(scope, product_id) for scope in left]
    if new:
        writes += [store.put_entry(scope, new, moment) for scope in sorted(scopes_of(new))]
    before, after = categories_of(old), categories_of(new)
    return writes + _counted(before, after, -1) + _counted(after, before, 1)


def _counted(these: dict[str, Category], without: dict[str, Category], number: int) -> list[Write]:
    return [store.count(category, number) for slug, category in these.items() if slug not in without]
