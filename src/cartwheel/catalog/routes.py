"""HTTP in: products, categories, imports."""

import base64
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from cartwheel.kernel import http
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import NotFound, UnsupportedMediaType
from cartwheel.kernel.request_limits import LARGEST_BODY_BYTES
from cartwheel.kernel.router import BODY_LIMIT
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import imports, service
from .answers import (
    CategoryAnswer,
    CategoryPage,
    ImportAnswer,
    ImportPage,
    ProductAnswer,
    ProductPage,
    ProductSummary,
)
from .bodies import ProductBody, ProductChange
from .listing import Sort
from .woocommerce import parse

CSV = "text/csv"
CSV_BODY = {
    "requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}},
    BODY_LIMIT: LARGEST_BODY_BYTES,
}

Search = Annotated[str | None, Query(max_length=200, description="Words that begin words of the product or a SKU.")]
Slug = Annotated[str | None, Query(max_length=600, description="A category's slug, such as clothing/tshirts.")]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=4000, description="The `next` of the page before.")]

app = http.api("catalog")


@app.get("/products", **http.route("List and search products", ProductPage))
def list_products(
    q: Search = None,
    category: Slug = None,
    sort: Annotated[Sort, Query()] = "name",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[str]:
    products, further = service.browse(environment().store, q, category, sort, limit, cursor)
    moment = timestamp(now())
    items = [ProductSummary.of_product(product, moment) for product in products]
    return http.page(ProductPage(items=items, next=further))


@app.get("/products/<product_id>", **http.route("Read a product", ProductAnswer))
def read_product(product_id: str) -> Response[str]:
    product = service.find(environment().store, product_id)
    if not product.content.published and not http.caller(app).is_staff:
        raise NotFound("There is no product with this id.")
    return http.answer(ProductAnswer.of_product(product, timestamp(now())))


@app.get("/categories", **http.route("List the categories", CategoryPage))
def list_categories(limit: Limit = 100, cursor: Cursor = None) -> Response[str]:
    categories, further = service.browse_categories(environment().store, limit, cursor)
    items = [CategoryAnswer.model_validate({"slug": item["SK"], **item}) for item in categories]
    return http.page(CategoryPage(items=items, next=further))


@app.post("/products", **http.route("Add a product", ProductAnswer, status=201, role="staff"))
def create_product(product: Annotated[ProductBody, Body()]) -> Response[str]:
    content = product.content(environment().settings.currency)

    def work(unit: UnitOfWork) -> ProductAnswer:
        return ProductAnswer.of_product(service.create(unit, content), timestamp(now()))

    return http.command(app, work, status=201)


@app.put("/products/<product_id>", **http.route("Change a product", ProductAnswer, role="staff"))
def change_product(product_id: str, product: Annotated[ProductChange, Body()]) -> Response[str]:
    content = product.content(environment().settings.currency)

    def work(unit: UnitOfWork) -> ProductAnswer:
        changed = service.replace(unit, product_id, product.revision, content)
        return ProductAnswer.of_product(changed, timestamp(now()))

    return http.command(app, work)


@app.delete("/products/<product_id>", **http.route("Remove a product", None, status=204, role="staff"))
def remove_product(product_id: str) -> Response[str]:
    return http.command(app, lambda unit: service.remove(unit, product_id), status=204)


@app.post(
    "/products/import",
    **http.route("Import a WooCommerce export", ImportAnswer, status=202, role="staff"),
    openapi_extensions=CSV_BODY,
)
def import_products() -> Response[str]:
    """Not a `Body` parameter: those take JSON only."""
    parsed = parse(_csv(), environment().settings.currency)
    return http.command(app, lambda unit: ImportAnswer.of(imports.request(unit, parsed)), status=202)


@app.get("/products/import/<import_id>", **http.route("Read an import's report", ImportPage, role="staff"))
def read_import(import_id: str, cursor: Cursor = None) -> Response[str]:
    items = environment().store
    head = imports.progress(items, import_id)
    return http.page(ImportPage.of_rows(head, *imports.report(items, import_id, cursor)))


def _csv() -> bytes:
    event = app.current_event
    if event.headers.get("content-type", "").partition(";")[0].strip().lower() != CSV:
        raise UnsupportedMediaType(f"Send the export as it is, as {CSV}.")
    body = event.body or ""
    return base64.b64decode(body) if event.is_base64_encoded else body.encode()


handler = http.handler(app)
