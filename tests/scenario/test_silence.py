"""Whatever happens, no log and no output holds anything secret or personal: each kind is sent in, and looked for."""

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cartwheel.app import APP
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.openapi import document
from tests.support.babbling import BABBLE
from tests.support.letters import bury
from tests.support.running import RunningShop

pytestmark = pytest.mark.slow

WORD: Final = "Quixotry7"  # in all that is a person's or a secret, as in nothing else
EMAIL: Final = f"zelda@{WORD}.example".lower()
BABBLED: Final = f"zelda.{BABBLE}@{WORD}.example".lower()
PERSON: Final[dict[str, Any]] = {"name": f"Zelda {WORD}", "line1": f"1 {WORD} Street", "city": WORD, "country": "DE"}
PASSWORD: Final = f"Zelda-{WORD}-1!"
TOKEN: Final = f"tok_{WORD}"
JSON: Final = {"Content-Type": "application/json"}
PATHS: Final[dict[str, dict[str, Any]]] = document(APP)["paths"]

BODIES: Final[list[bytes]] = [
    json.dumps({"email": EMAIL, "paymentToken": TOKEN, "amount": 9.99, "currency": "EUR"}).encode(),
    json.dumps({"email": BABBLED, "paymentToken": TOKEN, "amount": 9.99, "currency": "EUR"}).encode(),
    json.dumps({"email": BABBLED, "paymentToken": TOKEN}).encode(),
    json.dumps(PERSON | {"revision": 0}).encode(),
    json.dumps({"name": WORD, "phone": WORD, "revision": WORD, WORD: WORD}).encode(),
    json.dumps({"email": [EMAIL], "amount": EMAIL, "currency": EMAIL, "quantity": EMAIL, "reason": EMAIL}).encode(),
    json.dumps({"id": WORD, "key": WORD, "outcome": "authorised", "reason": WORD}).encode(),
    f'{{"email": "{EMAIL}"'.encode(),
    f'{{"email": "{EMAIL}\\ud800"}}'.encode(),
    f'{{"amount": 1e99999999, "email": "{EMAIL}"}}'.encode(),
    b'{"email": "%b\xff"}' % EMAIL.encode(),
    b"[" * 40 + EMAIL.encode(),
]


class Shop(RunningShop):
    """A shop that babbles, and what was put into it."""

    def everything(self) -> dict[str, str]:
        """All it has written for people to read, by where, after it has stopped. Lower case."""
        assert self.process
        assert self.process.stdout
        self.process.terminate()
        printed = self.process.stdout.read()
        self.process.wait(30)
        logs = {path.name: path.read_text(errors="replace") for path in (self.folder / "logs").iterdir()}
        return {where: text.lower() for where, text in (logs | {"output": printed}).items()}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    settings = {
        "smtp_url": f"smtp://ada:{WORD}@127.0.0.1:1",  # nobody listens there
        "webhook_secret": WORD,
        "trusted_proxies": "127.0.0.1",
    }
    shop = Shop(tmp_path_factory.mktemp("silence"), settings, (), module="tests.support.babbling")
    shop.start()
    try:
        yield shop
    finally:
        shop.close()


def tell_all(shop: Shop, tokens: list[dict[str, str]]) -> None:
    """Every route is told everything, by everybody."""
    bad = {"Authorization": f"Bearer {WORD}.{WORD}.{WORD}"}
    for path, methods in PATHS.items():
        filled = path
        for name in ("product_id", "import_id", "sku", "basket_id", "order_id", "provider", "address_id", "export_id"):
            filled = filled.replace(f"{{{name}}}", "sandbox" if name == "provider" else EMAIL)
        for method in methods:
            for who in (*tokens, {}, bad):
                for body in BODIES if method in ("post", "put") else (None,):
                    known = {"User-Agent": WORD, "Idempotency-Key": f"{WORD}{hash((path, body))}", "X-Own": WORD}
                    headers = known | who | JSON | {"X-Signature": f"t=1,v1={WORD}"}
                    query = {"q": EMAIL, "cursor": WORD, "customer": EMAIL}
                    shop.http.request(method, shop.url + filled, content=body, headers=headers, params=query)


def buy(shop: Shop, email: str, **more: Any) -> None:
    http = shop.http
    basket = f"{shop.url}/baskets/{http.post(f'{shop.url}/baskets').json()['basketId']}"
    assert http.put(f"{basket}/lines/bell-brass", json={"quantity": 1}).status_code in (200, 404)
    http.post(f"{basket}/checkout", json={"email": email, **more})
    http.post(f"{shop.url}/orders", json={"amount": 5, "currency": "EUR", "email": email, **more})


def sign_in(shop: Shop) -> None:
    """Rightly and wrongly, at the pool."""
    known = {"ClientId": "cartwheel", "Username": EMAIL, "Password": PASSWORD}
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "name", "Value": WORD}]
    calls: list[tuple[str, Any]] = [
        ("SignUp", known | {"UserAttributes": attributes}),
        ("SignUp", known | {"UserAttributes": WORD}),
        ("ConfirmSignUp", known | {"ConfirmationCode": WORD}),
        *[
            ("InitiateAuth", {"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters})
            for client in ("cartwheel", WORD)
            for parameters in ({"USERNAME": EMAIL, "PASSWORD": PASSWORD}, {"USERNAME": WORD, "PASSWORD": [WORD]}, WORD)
        ],
        ("ForgotPassword", known),
        ("ConfirmForgotPassword", known | {"ConfirmationCode": WORD}),
        ("GetUser", {"AccessToken": WORD}),
        ("GlobalSignOut", {"AccessToken": WORD}),
        (WORD, known),
    ]
    for name, call in calls:
        headers = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{name}"}
        for body in (json.dumps(call).encode(), json.dumps(call).encode()[:-3], b"\xff" + WORD.encode()):
            shop.http.post(f"{shop.url}/", content=body, headers=headers)


def poison(shop: Shop) -> None:
    """Every queue gets messages that no consumer can read, each in its own way."""
    detail = {
        "metadata": {"version": WORD, "time": WORD, "traceparent": WORD},
        "data": {"orderId": EMAIL, "email": [EMAIL], WORD: WORD},
    }
    bodies = [
        f"{EMAIL} is no JSON",
        json.dumps([EMAIL]),
        json.dumps({"id": [WORD], "detail": EMAIL}),
        json.dumps({"id": "1", "source": "unheard", "detail-type": "Of", "time": WORD, "detail": detail}),
    ]
    for consumer in APP.consumers:
        for pattern in consumer.subscriptions:
            of_any = {"source": ["any"], "detail-type": ["any"]} | pattern
            known = {"source": of_any["source"][0], "detail-type": of_any["detail-type"][0]}
            bodies.append(json.dumps({"id": new_id(), "time": WORD, **known, "detail": detail}))
        for letter in bury(shop.folder, consumer.name, [(body, "") for body in bodies]):
            shop.request("POST", f"/_host/dead-letters/redrive?id={letter}")


def invoke(shop: Shop) -> None:
    url = f"{shop.url}/2015-03-31/functions/EventPublisher/invocations"
    order = {"customer": f"Zelda {WORD}", "items": [{"id": "product-123", "quantity": 2}]}
    for payload in (order | {"orderId": "TEST-1"}, order | {"orderId": [EMAIL]}, {WORD: EMAIL}, [WORD], EMAIL):
        shop.http.post(url, json=payload, headers=shop.staff)


def shout(shop: Shop) -> None:
    """What is not even HTTP."""
    for line in (
        f"{EMAIL}\r\n\r\n",
        f"GET /{EMAIL} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\n{WORD}\r\n{EMAIL}\0: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", shop.port), timeout=5) as connection:
            connection.sendall(line.encode())
            connection.recv(4096)


def secrets_of(shop: Shop) -> set[str]:
    """What the folder keeps secret, as it would look in a log."""
    kept: dict[str, str] = json.loads((shop.folder / "secrets.json").read_text())
    found = {value for value in kept.values() if isinstance(value, str)}
    keys = json.loads((shop.folder / "identity-keys.json").read_text())
    return found | {line for key in keys for line in key["pem"].splitlines() if len(line) == 64}


def test_no_log_and_no_output_has_anything_secret_or_personal(shop: Shop) -> None:
    customer = shop.token("customer-7")
    poison(shop)  # first: until a message is a dead letter takes longer than all the rest
    tell_all(shop, [shop.staff, customer])
    for email in (EMAIL, BABBLED):
        for more in ({}, {"paymentToken": TOKEN}, {"paymentToken": "tok_approve"}):
            buy(shop, email, **more)
    shop.http.get(f"{shop.url}/products?q={BABBLE}{WORD}")
    sign_in(shop)
    invoke(shop)
    shout(shop)
    shop.wait_until(lambda: shop.dead() > len(APP.consumers), 60)  # as many deliveries as there are receives
    command_lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in shop.pids()]
    secrets = {WORD, *secrets_of(shop)}
    secrets |= {header["Authorization"].rpartition(" ")[2].rpartition(".")[2] for header in (customer, shop.staff)}
    told = shop.everything() | {"command lines": "\n".join(command_lines).lower()}
    for form in (str.lower, lambda text: base64.b64encode(text.encode()).decode().lower().rstrip("=")[:-1]):
        words = {form(secret) for secret in secrets}
        found = [
            f"{where}: {line[:1500]}"
            for where, text in told.items()
            for line in text.splitlines()
            if any(word in line for word in words)
        ]
        assert found == []
    for proof in ("runtimeerror at support/babbling.py", "lookuperror at support/babbling.py", "delivery failed"):
        assert any(proof in text for text in told.values()), proof  # it was told of what went wrong, and where
    assert "a request failed" in told["host.jsonl"]
