"""Who one is: stored sealed, changed by nobody else, never over a change that was not seen."""

import pytest

from cartwheel.identity.events import CustomerRegistered
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.store import Key, Put
from tests.support.rival import rival
from tests.support.shop import Shop

from .people import ADA, BOB, put, settle_in, stored, told, traces


def confirmed(shop: Shop, subject: str, trigger: str = "PostConfirmation_ConfirmSignUp") -> None:
    """The user pool's call; it demands its own event as the answer."""
    event = {
        "triggerSource": trigger,
        "userName": subject,
        "request": {"userAttributes": {"sub": subject, "email": "ada@example.com"}},
        "response": {},
    }
    assert shop.invoke("identity-registered", event) == event


def test_who_never_told_anything_is_known_by_id_alone(shop: Shop) -> None:
    assert told(shop) == {"customerId": "ada", "marketingConsent": False, "revision": 0}
    assert shop.events(CustomerRegistered) == []


def test_who_signs_up_is_registered_once(shop: Shop) -> None:
    for _ in range(2):
        confirmed(shop, "ada")
    assert shop.events(CustomerRegistered) == [CustomerRegistered(customer_id="ada")]
    assert told(shop)["email"] == "ada@example.com"
    assert traces(shop) == []


def test_a_new_password_registers_nobody(shop: Shop) -> None:
    confirmed(shop, "ada", "PostConfirmation_ConfirmForgotPassword")
    assert shop.events(CustomerRegistered) == []


def test_who_did_not_sign_up_here_is_registered_at_the_first_word(shop: Shop) -> None:
    assert put(shop, name="Ada Lovelace").json == {"revision": 1}
    confirmed(shop, "ada")
    assert put(shop, name="Ada King").json == {"revision": 2}
    assert len(shop.events(CustomerRegistered)) == 1
    assert told(shop)["name"] == "Ada King"


def test_a_profile_is_put_whole_and_its_address_is_the_accounts(shop: Shop) -> None:
    confirmed(shop, "ada")
    put(shop, name=" Ada Lovelace ", phone="+44 20 5550100", marketingConsent=True)
    put(shop, name="Ada Lovelace")
    assert told(shop) == {
        "customerId": "ada",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "marketingConsent": False,
        "revision": 3,
    }


def test_the_tokens_address_is_the_present_one() -> None:
    claims = {"sub": "ada", "email": "new@example.com"}
    caller = Caller.of({"requestContext": {"authorizer": {"jwt": {"claims": claims}}}})
    assert (caller.subject, caller.email) == ("ada", "new@example.com")
    assert "new@example.com" not in repr(caller)


def test_a_change_of_what_is_there_no_more_is_a_conflict(shop: Shop) -> None:
    put(shop, name="Ada Lovelace")
    refused = put(shop, revision=0, name="Mallory")
    assert refused.status == 409
    assert "revision 1" in refused.json["detail"]
    assert told(shop)["name"] == "Ada Lovelace"


def test_of_two_at_once_the_second_hears_of_the_first(shop: Shop) -> None:
    def rivals(_: object) -> None:
        with_rival, shop.store = shop.store, honest
        put(shop, revision=0, name="First")
        shop.store = with_rival

    honest = shop.store
    with rival(shop, rivals):
        assert put(shop, revision=0, name="Second").status == 409
    assert told(shop)["name"] == "First"


def test_nobody_sees_anothers(shop: Shop) -> None:
    settle_in(shop)
    assert "name" not in told(shop, BOB)
    assert shop.request("GET", "/me").status == 401


def test_nothing_is_stored_or_told_in_clear_and_no_answer_kept_tells_it(shop: Shop) -> None:
    """The record of an Idempotency-Key holds the answer for a day."""
    body = {"name": "Ada Lovelace", "phone": "+44 20 5550100", "revision": 0}
    first, again = (shop.request("PUT", "/me", body, token=ADA, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.json, again.json, again.headers["Idempotency-Replayed"]) == ({"revision": 1}, {"revision": 1}, "true")
    settle_in(shop)
    shop.drain()
    assert traces(shop) == []


def test_a_profile_put_into_anothers_place_opens_nothing(shop: Shop) -> None:
    settle_in(shop)
    put(shop, BOB, name="Bob")
    stolen = stored(shop, "identity", "CUSTOMER#ada")["person"]
    theirs = stored(shop, "identity", "CUSTOMER#bob")
    for text in (stolen.replace(":ada:", ":bob:"), theirs["person"][:-4] + "AAAA"):
        _replace(shop, theirs | {"person": text})
        answer = shop.request("GET", "/me", token=BOB)
        assert answer.status == 500
        assert "Lovelace" not in answer.body


def _replace(shop: Shop, item: dict[str, object]) -> None:
    shop.store.transact([Put("identity", item)])
    assert shop.store.get("identity", Key(str(item["PK"]), str(item["SK"]))) == item


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.revision"),
        ({"revision": -1}, "body.revision"),
        ({"revision": "0"}, "body.revision"),
        ({"revision": 0, "name": ""}, "body.name"),
        ({"revision": 0, "name": "x" * 201}, "body.name"),
        ({"revision": 0, "phone": "call me"}, "body.phone"),
        ({"revision": 0, "marketingConsent": "yes"}, "body.marketingConsent"),
        ({"revision": 0, "email": "eve@example.com"}, "body.email"),
    ],
)
def test_what_is_not_valid_names_its_field(shop: Shop, body: dict[str, object], field: str) -> None:
    answer = shop.request("PUT", "/me", body, token=ADA)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert told(shop)["revision"] == 0
