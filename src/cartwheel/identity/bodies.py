"""What callers may send about themselves."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cartwheel.kernel.schema import Request, Text

from .countries import COUNTRIES

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 ()/.-]{4,29}$")]
Flag = Annotated[bool, Field(strict=True)]
Revision = Annotated[int, Field(strict=True, ge=0)]


def _a_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("not a country's code of ISO 3166-1, such as DE")
    return code


Country = Annotated[str, AfterValidator(_a_country)]


class PutProfile(Request):
    """The profile whole, as it shall be, and the revision on which the change is based. The e-mail address is that of
    the account.
    """

    name: Text | None = None
    phone: Phone | None = None
    marketing_consent: Flag = False
    revision: Revision


class PostAddress(Request):
    """An address. As a default it takes the place of the one that was."""

    name: Text
    line1: Text
    line2: Text | None = None
    postal_code: Short | None = None
    city: Text
    region: Text | None = None
    country: Country
    default_shipping: Flag = False
    default_billing: Flag = False


class PutAddress(PostAddress):
    """The address whole, as it shall be, and the revision on which the change is based."""

    revision: Revision


class EraseMe(Request):
    """There is no way back, so it takes the word."""

    confirm: Literal["ERASE"]


class Erase(Request):
    """A customer, or the guest of an order: one of the two."""

    customer_id: Text | None = None
    order_id: Text | None = None
    confirm: Literal["ERASE"]

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.customer_id is None) == (self.order_id is None):
            raise ValueError("name either customerId or orderId")
        return self
