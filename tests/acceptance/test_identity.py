"""A customer's life with the user pool, by botocore's client, which tells no host from another."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cartwheel.kernel.ids import new_id

from .hosts import CODES
from .shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.needs(CODES)]

FIRST, SECOND = "Correct-horse-7-battery", "Another-horse-8-battery"


class Customer:
    """Who knows only the pool's client and the application's id."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.users, self.application = shop.host.users()
        self.email = f"customer-{new_id()}@example.com"

    def join(self) -> str:
        """Sign up and confirm; the subject."""
        attributes = [{"Name": "email", "Value": self.email}]
        asked = self.ask("sign_up", Password=FIRST, UserAttributes=attributes)
        assert asked["UserConfirmed"] is False
        self.ask("confirm_sign_up", ConfirmationCode=self.shop.host.code(self.email))
        self.shop.host.confirmed(asked["UserSub"], self.email)
        return str(asked["UserSub"])

    def sign_in(self, password: str = FIRST) -> dict[str, Any]:
        return self.authenticate("USER_PASSWORD_AUTH", USERNAME=self.email, PASSWORD=password)

    def refresh(self, token: str) -> dict[str, Any]:
        return self.authenticate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)

    def authenticate(self, flow: str, **parameters: str) -> dict[str, Any]:
        answer = self.users.initiate_auth(ClientId=self.application, AuthFlow=flow, AuthParameters=parameters)
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    def ask(self, operation: str, **parameters: Any) -> Any:
        return getattr(self.users, operation)(ClientId=self.application, Username=self.email, **parameters)


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return Customer(shop)


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(*arguments)
    return str(error.value.response["Error"]["Code"])


def test_a_life_with_the_user_pool(customer: Customer) -> None:
    subject = customer.join()
    tokens = customer.sign_in()
    assert (tokens["TokenType"], tokens["ExpiresIn"]) == ("Bearer", 3600)
    assert customer.users.get_user(AccessToken=tokens["AccessToken"])["Username"] == subject
    for name in ("AccessToken", "IdToken"):
        customer.shop.ask("GET", "/orders", who={"Authorization": f"Bearer {tokens[name]}"})
    again = customer.refresh(tokens["RefreshToken"])
    customer.shop.ask("GET", "/orders", who={"Authorization": f"Bearer {again['AccessToken']}"})
    time.sleep(1.1)  # the stand-in tells what was before a sign-out by the second
    customer.users.global_sign_out(AccessToken=again["AccessToken"])
    assert refused(customer.refresh, tokens["RefreshToken"]) == "NotAuthorizedException"


def test_a_forgotten_password(customer: Customer) -> None:
    customer.join()
    assert refused(customer.sign_in, SECOND) == "NotAuthorizedException"
    delivery = customer.ask("forgot_password")["CodeDeliveryDetails"]
    assert (delivery["DeliveryMedium"], delivery["AttributeName"]) == ("EMAIL", "email")
    customer.ask("confirm_forgot_password", Password=SECOND, ConfirmationCode=customer.shop.host.code(customer.email))
    assert refused(customer.sign_in) == "NotAuthorizedException"
    token = customer.sign_in(SECOND)["AccessToken"]
    customer.users.change_password(AccessToken=token, PreviousPassword=SECOND, ProposedPassword=FIRST)
    customer.sign_in()


def test_nobody_is_told_who_has_an_account(customer: Customer) -> None:
    assert refused(customer.sign_in) == "NotAuthorizedException"
    customer.ask("forgot_password")


def test_passwords_are_long_and_of_four_kinds(customer: Customer) -> None:
    for password in ("Short-1", "correct-horse-7-battery", "Correcthorse7battery"):
        with pytest.raises(customer.users.exceptions.InvalidPasswordException):
            customer.ask("sign_up", Password=password)
