"""WooCommerce exports for tests, and how a shop takes them."""

import csv
import io
from pathlib import Path
from typing import Any

from tests.support.shop import Answer, Shop

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "woocommerce_sample_products.csv"

CSV = {"content-type": "text/csv; charset=utf-8"}

COLUMNS = (
    *("ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "Short description", "Description"),
    *("Date sale price starts", "Date sale price ends", "In stock?", "Stock", "Sale price", "Regular price"),
    *("Categories", "Images", "Parent", "Position", "Attribute 1 name", "Attribute 1 value(s)"),
)


def row(**cells: object) -> dict[str, str]:
    """A simple product, unless told otherwise; `Regular_price` stands for `Regular price`."""
    told = {name.replace("_", " "): str(value) for name, value in cells.items()}
    named = {"In stock": "In stock?", "Values": "Attribute 1 value(s)", "Attribute": "Attribute 1 name"}
    defaults = {"Type": "simple", "Name": "Thing", "Published": "1", "In stock?": "1", "Regular price": "10"}
    return dict.fromkeys(COLUMNS, "") | defaults | {named.get(name, name): value for name, value in told.items()}


def variation(parent: str, sku: str, **cells: object) -> dict[str, str]:
    return row(Type="variation", Parent=parent, SKU=sku, **({"Attribute": "Size", "Values": sku[-1]} | cells))


def export(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def send(shop: Shop, text: str, headers: dict[str, str] | None = None) -> Answer:
    return shop.request("POST", "/products/import", body=text, token="staff", headers=CSV | (headers or {}))


def report(shop: Shop, import_id: str) -> dict[str, Any]:
    """The import's progress, with all rows of the report."""
    path = f"/products/import/{import_id}"
    found: dict[str, Any] = shop.request("GET", path, token="staff").json
    while found["next"]:
        page = shop.request("GET", f"{path}?cursor={found['next']}", token="staff").json
        found |= {"items": found["items"] + page["items"], "next": page["next"]}
    return found


def take(shop: Shop, text: str) -> dict[str, Any]:
    """Import a file to its end."""
    answer = send(shop, text)
    assert answer.status == 202, answer.body
    shop.drain()
    return report(shop, answer.json["importId"])


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {row["reference"]: row["outcome"] for row in found["items"]}


def listed(shop: Shop, query: str = "limit=100") -> list[dict[str, Any]]:
    answer = shop.request("GET", f"/products?{query}")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items
