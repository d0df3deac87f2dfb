"""The catalog's table: its keys and access patterns.

PRODUCT#<id>       PRODUCT#<id>   the product
PRODUCT#<id>       IMPORT         what the last import that changed it did (import_store)
SKU#<sku>, WOO#<id>               guards: which product a SKU or a WooCommerce id belongs to, so that it is unique
LISTING#<scope>    <product id>   an entry of a list; the indexes sort each list by name, price and age
CATEGORIES         <slug>         a category and how many products it lists
IMPORT#<id>        HEAD, CHUNK#…, REPORT#…   imports (import_store)
"""

from datetime import datetime
from typing import Final

from cartwheel.kernel.conditions import Condition, Equals, NotExists
from cartwheel.kernel.store import Check, Delete, Key, Page, Put, Query, Store, Update

from .categories import Category
from .listing import ORDERS, Sort, attributes_of
from .model import Product

TABLE: Final = "catalog"
CATEGORIES: Final = "CATEGORIES"


def product_pk(product_id: str) -> str:
    return f"PRODUCT#{product_id}"


def _product_key(product_id: str) -> Key:
    return Key(product_pk(product_id), product_pk(product_id))


def product(store: Store, product_id: str) -> Product | None:
    item = store.get(TABLE, _product_key(product_id))
    return Product.model_validate(item) if item else None


def put_product(new: Product, old: Product | None) -> Put:
    """Store the product, if it still is what it was when it was read."""
    key = product_pk(new.product_id)
    item = {"PK": key, "SK": key, **new.model_dump(mode="json", by_alias=True, exclude_none=True)}
    return Put(TABLE, item, _still(old) if old else NotExists())


def check_product(old: Product) -> Check:
    return Check(TABLE, _product_key(old.product_id), _still(old))


def delete_product(old: Product) -> Delete:
    return Delete(TABLE, _product_key(old.product_id), _still(old))


def _still(old: Product) -> Condition:
    return Equals("revision", old.revision)


def owner(store: Store, guard: str) -> str | None:
    """The id of the product that holds the guard."""
    item = store.get(TABLE, Key(guard, guard))
    return item["productId"] if item else None


def claim(guard: str, product_id: str) -> Put:
    return Put(TABLE, {"PK": guard, "SK": guard, "productId": product_id}, NotExists())


def release(guard: str, product_id: str) -> Delete:
    return Delete(TABLE, Key(guard, guard), Equals("productId", product_id))


def _listing(scope: str) -> str:
    return f"LISTING#{scope}"


def put_entry(scope: str, product: Product, moment: datetime) -> Put:
    """An entry carries what a list shows: all of the product but its description and further pictures."""
    content = product.content.model_copy(update={"description": "", "pictures": product.content.pictures[:1]})
    shown = product.model_copy(update={"content": content})
    item = {
        "PK": _listing(scope),
        "SK": product.product_id,
        "listing": _listing(scope),
        **attributes_of(product, moment),
        "product": shown.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    return Put(TABLE, item)


def delete_entry(scope: str, product_id: str) -> Delete:
    return Delete(TABLE, Key(_listing(scope), product_id))


def entries(store: Store, scope: str, sort: Sort, limit: int, cursor: str | None) -> Page:
    index, forward = ORDERS[sort]
    return store.query(Query(TABLE, _listing(scope), index=index, limit=limit, forward=forward, cursor=cursor))


def count(category: Category, products: int) -> Update:
    """Add to the number of products a category lists."""
    named = {"name": category.name} | ({"parent": category.parent} if category.parent else {})
    return Update(TABLE, Key(CATEGORIES, category.slug), set=named, add={"products": products})


def categories(store: Store, limit: int, cursor: str | None) -> Page:
    return store.query(Query(TABLE, CATEGORIES, limit=limit, cursor=cursor))
