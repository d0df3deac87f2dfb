"""What the catalog's staff routes take. Prices are decimals of the shop's currency here, minor units inside."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, ValidationError

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.errors import FieldError, Invalid
from cartwheel.kernel.money import Amount, to_minor
from cartwheel.kernel.schema import Request, Text

from .fields import (
    MAX_VARIANTS,
    Attributes,
    CategoryPaths,
    Short,
    Sku,
    Url,
    Values,
    Visibility,
    distinct_skus,
)
from .model import Attribute, Content, Variant

Errors = list[FieldError]


def _utc(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return timestamp(moment)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time with its zone, such as 2026-11-27T08:00:00Z")


Moment = Annotated[str, AfterValidator(_utc), Field(max_length=40, json_schema_extra={"format": "date-time"})]


class AttributeBody(Request):
    """A property of the product and the values it comes in."""

    name: Short
    values: Values


class VariantBody(Request):
    """What can be bought. A sale price counts from `saleFrom` until `saleUntil`, each may be left open."""

    sku: Sku
    regular_price: Amount
    sale_price: Amount | None = None
    sale_from: Moment | None = None
    sale_until: Moment | None = None
    attributes: Attributes = Field(default_factory=dict)
    picture: Url | None = None

    def variant(self, place: str, currency: str, errors: Errors) -> Variant | None:
        """What is wrong goes to the errors, with its place in the body."""
        before = len(errors)
        regular = _minor(self.regular_price, f"{place}.regularPrice", currency, errors)
        sale = None
        if self.sale_price is not None:
            sale = _minor(self.sale_price, f"{place}.salePrice", currency, errors)
            if self.sale_price >= self.regular_price:
                errors.append(FieldError(field=f"{place}.salePrice", reason="must be below regularPrice"))
        if self.sale_from and self.sale_until and self.sale_until <= self.sale_from:
            errors.append(FieldError(field=f"{place}.saleUntil", reason="must be after saleFrom"))
        if len(errors) > before:
            return None
        kept = self.model_dump(include={"sku", "sale_from", "sale_until", "attributes", "picture"})
        return Variant(regular=regular, sale=sale, **kept)


def _minor(amount: Decimal, place: str, currency: str, errors: Errors) -> int:
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        errors.append(FieldError(field=place, reason=str(error)))
        return 0


VariantBodies = Annotated[
    list[VariantBody], Field(min_length=1, max_length=MAX_VARIANTS), AfterValidator(distinct_skus)
]


class ProductBody(Request):
    """A product whole: what is left out is empty. Categories are paths such as `Clothing > Tshirts`."""

    name: Text
    variants: VariantBodies
    description: Annotated[str, Field(max_length=50_000)] = ""
    short_description: Annotated[str, Field(max_length=5_000)] = ""
    categories: CategoryPaths = Field(default_factory=list)
    pictures: Annotated[list[Url], Field(max_length=50)] = Field(default_factory=list)
    attributes: Annotated[list[AttributeBody], Field(max_length=50)] = Field(default_factory=list)
    published: StrictBool = True
    visibility: Visibility = "visible"

    def content(self, currency: str) -> Content:
        """Raises Invalid with the fields that are wrong."""
        errors: Errors = []
        variants = [body.variant(f"body.variants.{at}", currency, errors) for at, body in enumerate(self.variants)]
        if errors:
            raise Invalid("; ".join(f"{error.field}: {error.reason}" for error in errors)[:1000], errors)
        attributes = [Attribute(**attribute.model_dump()) for attribute in self.attributes]
        kept = self.model_dump(include=Content.model_fields.keys() - {"variants", "attributes"})
        try:
            return Content(currency=currency, variants=variants, attributes=attributes, **kept)
        except ValidationError as error:
            reason = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
            raise Invalid(f"body: {reason}", [FieldError(field="body", reason=reason)]) from None


class ProductChange(ProductBody):
    """The product whole, as it shall be, and the revision on which the change is based."""

    revision: Annotated[int, Field(ge=1)]
