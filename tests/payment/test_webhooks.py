"""The provider's webhook, and the staff's view, over HTTP."""

import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from cartwheel.inventory.events import StockReserved
from cartwheel.kernel.ids import new_id
from cartwheel.ordering.events import PaymentInstruction
from cartwheel.payment.events import PaymentAuthorised, PaymentDeclined
from tests.support.shop import Answer, Shop

PATH = "/payments/webhooks/sandbox"


def signature(body: str, secret: str, at: int | None = None) -> str:
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def call(shop: Shop, document: Any, path: str = PATH, **headers: str) -> Answer:
    body = json.dumps(document)
    signed = {"X-Signature": signature(body, shop.settings.webhook_secret)}
    return shop.request("POST", path, body=body, headers={"Content-Type": "application/json"} | signed | headers)


def pending(shop: Shop) -> str:
    """A payment the provider has not decided; answers the order's id."""
    order_id = new_id()
    instruction = PaymentInstruction(amount=1999, currency="EUR", token="tok_late")
    shop.deliver("payment-events", shop.publish(StockReserved(order_id=order_id, payment=instruction)))
    return order_id


def told(order_id: str, outcome: str, **more: str) -> dict[str, str]:
    return {"id": "wh_1", "key": f"{order_id}:authorise", "outcome": outcome, **more}


def state(shop: Shop, order_id: str) -> str:
    return str(shop.request("GET", f"/payments/{order_id}", token="staff").json["state"])


def test_webhook_authorises(shop: Shop) -> None:
    order_id = pending(shop)
    answer = call(shop, told(order_id, "authorised"))
    assert (answer.status, answer.json) == (200, {"id": "wh_1", "state": "AUTHORISED"})
    assert [event.order_id for event in shop.events(PaymentAuthorised)] == [order_id]


def test_webhook_declines_with_reason(shop: Shop) -> None:
    order_id = pending(shop)
    assert call(shop, told(order_id, "declined", reason="stolen card")).json["state"] == "DECLINED"
    assert [event.reason for event in shop.events(PaymentDeclined)] == ["stolen card"]


def test_replayed_and_contradicting_webhooks_change_nothing(shop: Shop) -> None:
    order_id = pending(shop)
    for outcome in ("authorised", "authorised", "declined"):
        assert call(shop, told(order_id, outcome)).json["state"] == "AUTHORISED"
    assert len(shop.events(PaymentAuthorised)) == 1
    assert shop.events(PaymentDeclined) == []


def test_lesson_a_webhook_that_comes_again_is_taken_for_another(shop: Shop) -> None:
    """Recorded on its way and sent again in time, or under its id with other words: it changes nothing."""
    first, second = pending(shop), pending(shop)
    document = told(first, "authorised")
    taken, again = call(shop, document), call(shop, document)
    assert (again.status, again.body, again.headers["Idempotency-Replayed"]) == (200, taken.body, "true")
    assert call(shop, told(second, "authorised")).headers["Idempotency-Replayed"] == "true"  # the same id
    assert state(shop, second) == "PENDING"
    assert call(shop, told(second, "declined") | {"id": "wh_2"}).json["state"] == "DECLINED"
    assert len(shop.events(PaymentAuthorised)) == 1


def test_a_webhook_that_failed_is_not_remembered(shop: Shop) -> None:
    """It came before the payment was recorded; the provider calls again, under the same id."""
    unknown = {"id": "wh_1", "key": f"{new_id()}:authorise", "outcome": "authorised"}
    assert call(shop, unknown).status == 404
    assert call(shop, told(pending(shop), "authorised")).json["state"] == "AUTHORISED"


def test_lesson_an_old_signature_with_a_new_time(shop: Shop) -> None:
    """The time is signed, too."""
    order_id = pending(shop)
    document = told(order_id, "authorised")
    old = signature(json.dumps(document), shop.settings.webhook_secret, int(time.time()) - 3600)
    renewed = f"t={int(time.time())},{old.partition(',')[2]}"
    assert call(shop, document, **{"X-Signature": renewed}).status == 401
    body_alone = hmac.new(shop.settings.webhook_secret.encode(), json.dumps(document).encode(), hashlib.sha256)
    unstamped = f"t={int(time.time())},v1={body_alone.hexdigest()}"
    assert call(shop, document, **{"X-Signature": unstamped}).status == 401
    assert state(shop, order_id) == "PENDING"


def test_two_secrets_are_valid_while_one_is_changed(shop: Shop) -> None:
    shop.settings = replace(shop.settings, webhook_secret="the-new-one the-old-one")
    for number, (secret, status) in enumerate(
        [("the-new-one", 200), ("the-old-one", 200), ("another", 401), ("the-new-one the-old-one", 401), ("", 401)]
    ):
        document = told(pending(shop), "authorised") | {"id": f"wh_{number}"}
        signed = signature(json.dumps(document), secret)
        assert call(shop, document, **{"X-Signature": signed}).status == status, secret


def test_webhook_for_an_unknown_payment_is_to_come_again(shop: Shop) -> None:
    for key in (f"{new_id()}:authorise", "nonsense", f"{new_id()}:capture", "PROVIDER#x:authorise"):
        answer = call(shop, {"id": "wh_1", "key": key, "outcome": "authorised"})
        assert answer.status == 404
        assert answer.json["type"].endswith("/not-found")


def test_unknown_provider(shop: Shop) -> None:
    answer = call(shop, told(pending(shop), "authorised"), path="/payments/webhooks/acme")
    assert answer.status == 404


def wrong_signatures(body: str) -> dict[str, str]:
    now = int(time.time())
    return {
        "none": "",
        "nonsense": "nonsense",
        "another secret": signature(body, "another secret"),
        "another body": signature(body + " ", "unsigned"),
        "an hour old": signature(body, "unsigned", now - 3600),
        "an hour ahead": signature(body, "unsigned", now + 3600),
        "another version": signature(body, "unsigned").replace("v1=", "v0="),
        "not ASCII": f"t={now},v1={'é' * 64}",
        "endless": f"t={'9' * 5000},v1={'0' * 64}",
    }


@pytest.mark.parametrize("how", wrong_signatures(""))
def test_unsigned_webhook_is_refused(shop: Shop, how: str) -> None:
    order_id = pending(shop)
    body = json.dumps(told(order_id, "authorised"))
    header = wrong_signatures(body)[how]
    headers = {"Content-Type": "application/json"} | ({"X-Signature": header} if header else {})
    answer = shop.request("POST", PATH, body=body, headers=headers)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert shop.settings.webhook_secret not in answer.body
    assert state(shop, order_id) == "PENDING"


@pytest.mark.parametrize("off", [-290, 290])
def test_clocks_may_differ_a_little(shop: Shop, off: int) -> None:
    document = told(pending(shop), "authorised")
    signed = signature(json.dumps(document), shop.settings.webhook_secret, int(time.time()) + off)
    assert call(shop, document, **{"X-Signature": signed}).status == 200


def test_signature_of_another_body_does_not_help(shop: Shop) -> None:
    order_id = pending(shop)
    other = signature(json.dumps(told(order_id, "declined")), shop.settings.webhook_secret)
    assert call(shop, told(order_id, "authorised"), **{"X-Signature": other}).status == 401
    assert state(shop, order_id) == "PENDING"


@pytest.mark.parametrize("wrong", [{"outcome": "perhaps"}, {"key": 5}, {"id": ""}, {"extra": "field"}])
def test_malformed_webhook_says_which_field(shop: Shop, wrong: dict[str, object]) -> None:
    answer = call(shop, told(new_id(), "authorised") | wrong)
    assert answer.status == 422
    assert next(iter(wrong)) in answer.json["errors"][0]["field"]


def test_idempotency_key_replays_the_answer(shop: Shop) -> None:
    order_id = pending(shop)
    answers = [call(shop, told(order_id, "authorised"), **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_staff_read_a_payment(shop: Shop) -> None:
    order_id = pending(shop)
    payment = shop.request("GET", f"/payments/{order_id}", token="staff").json
    assert payment.items() >= {"orderId": order_id, "amount": 19.99, "currency": "EUR", "state": "PENDING"}.items()
    assert payment["reference"].startswith("sandbox-")


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("customer:alice", 403)])
def test_payments_are_for_staff(shop: Shop, token: str | None, status: int) -> None:
    assert shop.request("GET", f"/payments/{new_id()}", token=token).status == status


@pytest.mark.parametrize("order_id", ["nonsense", "0", "PAYMENT%23x", new_id()], ids=lambda _: "id")
def test_unknown_payment(shop: Shop, order_id: str) -> None:
    assert shop.request("GET", f"/payments/{order_id}", token="staff").status == 404


def test_schedule_has_the_access_it_needs(shop: Shop) -> None:
    pending(shop)
    assert shop.run_schedule("payment-callbacks") == 0
