"""People who live in the shop, and one another's trespassers: nobody but the owner and staff reads or changes a thing.

Everybody knows every id, cursor and Idempotency-Key of everybody else, and sends whatever headers they like.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jwt
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cartwheel.kernel.ids import new_id
from cartwheel.local.identity import CLIENT_ID, ISSUER, Signer
from tests.basket.goods import sell

from .gate import Gate, Heard

CUSTOMERS: Final = ("alice", "bob", "carol")
HOME: Final = {"line1": "1 Row", "city": "London", "country": "GB"}
REFUSED: Final = {401, 403, 404}
DIGITS: Final = "0123456789abcdef"

Headers = dict[str, str]
Trick = Callable[["Trespass", "Thing"], Headers]

DOORS: Final[dict[str, list[tuple[str, str, Any]]]] = {
    "baskets": [
        ("GET", "", None),
        ("DELETE", "", None),
        ("PUT", "/lines/tea", {"quantity": 7}),
        ("DELETE", "/lines/tea", None),
        ("POST", "/checkout", {}),
        ("POST", "/claim", None),
    ],
    "orders": [(method, step, None) for method, step in (("GET", ""), ("POST", "/cancel"), ("POST", "/claim"))],
    "me/addresses": [("PUT", "", {**HOME, "name": "M", "revision": 1}), ("DELETE", "", None)],
    "me/exports": [("GET", "", None)],
}
STAFF_ONLY: Final = (
    "GET /mailbox",
    "GET /events?type=OrderPlaced",
    "GET /stock",
    "GET /audit",
    "GET /payments/{}",
    "POST /orders/{}/fulfil",
    "POST /orders/{}/refund",
    "GET /orders?customer={owner}",
)
FORWARDED: Final = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-User": "{owner}",
    "X-Original-URL": "/me",
    "X-HTTP-Method-Override": "GET",
    "X-Amzn-Request-Context": '{{"authorizer":{{"jwt":{{"claims":{{"sub":"{owner}"}}}}}}}}',
    "cognito:groups": "[staff]",
    "sub": "{owner}",
}


@dataclass
class Thing:
    """Something of a customer's, or of a guest's (None). `key` is the Idempotency-Key that it was made with."""

    kind: str
    id: str
    owner: str | None
    key: str

    @property
    def path(self) -> str:
        return f"/{self.kind}/{self.id}"


@cache
def signer() -> Signer:
    return Signer(Path(tempfile.mkdtemp()))


@cache
def token(subject: str, *groups: str) -> Headers:
    return {"Authorization": f"Bearer {signer().token(subject, list(groups), 3600)}"}


def own(machine: "Trespass", thing: Thing) -> Headers:
    return {}


def pretended(machine: "Trespass", thing: Thing) -> Headers:
    return {name: value.format(owner=thing.owner) for name, value in FORWARDED.items()}


def same_story(machine: "Trespass", thing: Thing) -> Headers:
    return {"X-Correlation-Id": thing.id}


def same_key(machine: "Trespass", thing: Thing) -> Headers:
    return {"Idempotency-Key": thing.key}


def unsigned(machine: "Trespass", thing: Thing) -> Headers:
    claims = {"sub": thing.owner, "iss": ISSUER, "client_id": CLIENT_ID, "token_use": "access", "exp": 2**32}
    return {"Authorization": f"Bearer {jwt.encode(claims, '', algorithm='none')}"}


def another_body(machine: "Trespass", thing: Thing) -> Headers:
    """The owner's claims under somebody else's signature."""
    head, _, signature = token("nobody")["Authorization"].split(".")
    return {"Authorization": ".".join([head, token(str(thing.owner))["Authorization"].split(".")[1], signature])}


TRICKS: Final[list[Trick]] = [own, pretended, same_story, same_key, unsigned, another_body]


class Trespass(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.gate = Gate.of(self.folder, signer())
        self.things: list[Thing] = []

    def teardown(self) -> None:
        self.gate.close()
        shutil.rmtree(self.folder)

    @initialize()
    def move_in(self) -> None:
        """Everybody has something to lose."""
        sell(self.gate.shop, tea=250, cup=900)
        for owner in CUSTOMERS[:2]:
            self.fill(owner, "tea")
            self.order(owner)
            self.order(owner)
            self.settle(owner)
            self.ask_for_all(owner)
        self.order(None)
        self.fill(None, "cup")

    # What people do.

    @rule(owner=st.sampled_from([*CUSTOMERS, None]), sku=st.sampled_from(["tea", "cup"]))
    def fill(self, owner: str | None, sku: str) -> None:
        basket = self._make("baskets", owner, "basketId", None)
        answer = self.as_(owner, "PUT", f"{basket.path}/lines/{sku}", {"quantity": 3})
        assert answer.status == 200

    @rule(owner=st.sampled_from([*CUSTOMERS, None]))
    def order(self, owner: str | None) -> None:
        email = f"{owner or 'guest'}@secret.example"
        self._make("orders", owner, "orderId", {"amount": 5, "currency": "EUR", "email": email})

    @rule(owner=st.sampled_from(CUSTOMERS))
    def settle(self, owner: str) -> None:
        """An address, unless there are enough."""
        if len(self._of("me/addresses", owner)) < 3:
            self._make("me/addresses", owner, "addressId", {**HOME, "name": f"secret name of {owner}"})

    @rule(owner=st.sampled_from(CUSTOMERS))
    def ask_for_all(self, owner: str) -> None:
        self._make("me/exports", owner, "exportId", None)

    @rule()
    def deliver(self) -> None:
        self.gate.shop.drain()

    @rule(data=st.data(), who=st.sampled_from(CUSTOMERS))
    def claim(self, data: st.DataObject, who: str) -> None:
        """Whoever knows a guest's id may, once; then it is theirs, or used up."""
        found = [thing for thing in self.things if thing.owner is None]
        if found:
            thing = data.draw(st.sampled_from(found))
            answer = self.as_(who, "POST", f"{thing.path}/claim")
            assert answer.status == 200, answer
            thing.owner = who
            if thing.kind == "baskets":
                self.things.remove(thing)
                self._know(Thing("baskets", answer.json["basketId"], who, new_id()))

    @rule(data=st.data())
    def check_out(self, data: st.DataObject) -> None:
        thing = data.draw(st.sampled_from([thing for thing in self.things if thing.kind == "baskets"]))
        answer = self.as_(thing.owner, "POST", f"{thing.path}/checkout", {"email": "who@secret.example"})
        assert answer.status in (202, 409)  # 409: it is empty
        if answer.status == 202:
            self.things.remove(thing)
            self._know(Thing("orders", answer.json["orderId"], thing.owner, new_id()))
            self.gate.shop.drain()  # until it is there, it says PENDING to whoever knows its id
            self.fill(thing.owner, "tea")

    # What they try.

    @rule(data=st.data(), trick=st.sampled_from(TRICKS), as_guest=st.booleans())
    def trespass(self, data: st.DataObject, trick: Trick, as_guest: bool) -> None:
        thing = data.draw(st.sampled_from([thing for thing in self.things if thing.owner]))
        before = self.look(thing)
        headers = ({} if as_guest else token(self._other(data, thing))) | trick(self, thing)
        for method, step, body in DOORS[thing.kind]:
            answer = self.gate.ask(method, f"{thing.path}{step}", body, headers)
            unknown = self.gate.ask(method, f"/{thing.kind}/{new_id()}{step}", body, headers)
            assert answer.status in REFUSED, (method, thing, step, trick.__name__, answer)
            assert (answer.status, answer.text) == (unknown.status, unknown.text), "it tells that there is something"
        assert self.look(thing) == before

    @rule(data=st.data(), at=st.integers(0, 31), by=st.integers(1, 15))
    def guess(self, data: st.DataObject, at: int, by: int) -> None:
        """An id that is near to one that is known."""
        thing = data.draw(st.sampled_from(self.things))
        places = [place for place, character in enumerate(thing.id) if character != "-"]
        place = places[at]
        wrong = DIGITS[(DIGITS.index(thing.id[place]) + by) % 16]
        guessed = f"{thing.id[:place]}{wrong}{thing.id[place + 1 :]}"
        for method, step, body in DOORS[thing.kind]:
            answer = self.gate.ask(method, f"/{thing.kind}/{guessed}{step}", body, token("mallory"))
            assert answer.status == 404

    @rule(data=st.data(), trick=st.sampled_from(TRICKS))
    def pose_as_staff(self, data: st.DataObject, trick: Trick) -> None:
        thing = data.draw(st.sampled_from([thing for thing in self.things if thing.owner and thing.kind == "orders"]))
        before = self.look(thing)
        headers = token(self._other(data, thing)) | trick(self, thing)
        for way in STAFF_ONLY:
            method, path = way.format(thing.id, owner=thing.owner).split()
            answer = self.gate.ask(method, path, None, headers)
            assert answer.status in (401, 403), (way, answer)
        assert self.look(thing) == before

    @rule(data=st.data())
    def turn_anothers_page(self, data: st.DataObject) -> None:
        """A cursor leads on in the list that it comes from, and in no other."""
        owner = data.draw(st.sampled_from(CUSTOMERS[:2]))
        cursor = self.as_(owner, "GET", "/orders?limit=1").json["next"]
        other = data.draw(st.sampled_from([each for each in CUSTOMERS if each != owner]))
        assert self.as_(other, "GET", f"/orders?limit=1&cursor={cursor}").status == 422

    @rule(data=st.data())
    def read_what_is_ones_own(self, data: st.DataObject) -> None:
        """Lists have what is the reader's, all of it, and nothing else."""
        reader = data.draw(st.sampled_from([*CUSTOMERS, "mallory"]))
        self.gate.shop.drain()
        orders = self.as_(reader, "GET", "/orders?limit=100").json["items"]
        assert {each["orderId"] for each in orders} == {each.id for each in self._of("orders", reader)}
        addresses = self.as_(reader, "GET", "/me/addresses").json["items"]
        assert {each["addressId"] for each in addresses} == {each.id for each in self._of("me/addresses", reader)}
        told = "".join(self.as_(reader, "GET", each.path).text for each in self._of("me/exports", reader))
        told += self.as_(reader, "GET", "/me").text
        assert not [thing for thing in self.things if thing.owner != reader and thing.id in told]
        assert not [other for other in CUSTOMERS if other != reader and f"name of {other}" in told]

    @rule(data=st.data())
    def send_anothers_request(self, data: st.DataObject) -> None:
        """The very same request under the very same key, by somebody else, is another one."""
        thing = data.draw(st.sampled_from([thing for thing in self.things if thing.owner and thing.kind == "orders"]))
        body = {"amount": 5, "currency": "EUR", "email": f"{thing.owner}@secret.example"}
        who = self._other(data, thing)
        answer = self.gate.ask("POST", "/orders", body, token(who) | {"Idempotency-Key": thing.key})
        assert answer.status in (202, 422)  # 422: who sends it has used that key themselves
        if answer.status == 202:
            assert answer.json["orderId"] not in {each.id for each in self.things if each.owner != who}
            self._know(Thing("orders", answer.json["orderId"], who, thing.key))

    @precondition(lambda self: any(thing.owner for thing in self.things))
    @rule(data=st.data())
    def staff_sees_it(self, data: st.DataObject) -> None:
        kinds = ("baskets", "orders")
        thing = data.draw(st.sampled_from([each for each in self.things if each.kind in kinds]))
        assert self.gate.ask("GET", thing.path, None, token("sam", "staff")).status == 200

    def as_(self, who: str | None, method: str, path: str, body: Any = None, key: str = "") -> Heard:
        headers = (token(who) if who else {}) | ({"Idempotency-Key": key} if key else {})
        return self.gate.ask(method, path, body, headers)

    def look(self, thing: Thing) -> str:
        """All that its owner sees of it."""
        path = "/me/addresses" if thing.kind == "me/addresses" else thing.path
        answer = self.as_(thing.owner, "GET", path)
        assert answer.status == 200, (thing, answer)
        return answer.text

    def _make(self, kind: str, owner: str | None, field: str, body: Any) -> Thing:
        key = new_id()
        answer = self.as_(owner, "POST", f"/{kind}", body, key)
        assert answer.status in (201, 202), answer
        return self._know(Thing(kind, answer.json[field], owner, key))

    def _know(self, thing: Thing) -> Thing:
        self.things = [each for each in self.things if each.id != thing.id]
        self.things.append(thing)
        return thing

    def _of(self, kind: str, owner: str) -> list[Thing]:
        return [thing for thing in self.things if (thing.kind, thing.owner) == (kind, owner)]

    def _other(self, data: st.DataObject, thing: Thing) -> str:
        return data.draw(st.sampled_from([who for who in (*CUSTOMERS, "mallory") if who != thing.owner]))
