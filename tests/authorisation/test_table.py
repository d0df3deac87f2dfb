"""Every route, asked by everybody: the table of docs/authorisation.md is what they hear, and it is complete."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest

from cartwheel.app import APP
from cartwheel.kernel.openapi import document
from cartwheel.local.identity import CLIENT_ID, ISSUER, POOL_ID, Signer
from cartwheel.local.userpool.bodies import OfToken
from cartwheel.local.userpool.endpoint import OPEN, OPERATORS
from tests.support.doors import MAKERS, Doors, Headers, table
from tests.support.running import RunningShop, running_shop

ROUTES = {f"{method.upper()} {path}" for path, found in document(APP)["paths"].items() for method in found}
TABLES = ("routes", "guests", "host")
CHARGE = {"id": "1", "key": "1", "outcome": "authorised"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("doors") / "shop", "--empty") as running:
        yield running


@pytest.fixture(scope="module")
def doors(shop: RunningShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    yield from _doors(shop, Signer(tmp_path_factory.mktemp("foreign")))


def _doors(shop: RunningShop, foreign: Signer) -> Iterator[Doors]:
    callers = {
        "no token": {},
        "a customer": shop.token("mallory"),
        "its owner": shop.token("ada"),
        "staff": shop.token("sam", "staff"),
        "admin": shop.token("root", "admin"),
    }
    with httpx.Client(base_url=shop.url, timeout=30, trust_env=False) as http:
        yield Doors(http, callers, bad(shop.signer, foreign))


def bad(signer: Signer, foreign: Signer) -> list[Headers]:
    """Of an admin each, were they good."""
    now = int(time.time())
    claims = {"sub": "root", "cognito:groups": ["admin"], "client_id": CLIENT_ID, "token_use": "access"}
    good = signer.access_token(claims, 600)
    head, payload, signature = good.split(".")
    unsigned: dict[str, Any] = {**claims, "iss": ISSUER, "exp": now + 600}
    key = signer.ring.signing(now + 600)
    tokens = [
        "broken",
        f"{head}.{payload}.{signature[:-8]}AAAAAAAA",
        signer.access_token(claims, -600),
        signer.sign(claims | {"client_id": "another"}, 600),
        signer.sign({**claims, "aud": "another"}, 600),
        signer.sign(claims | {"token_use": "refresh"}, 600),
        foreign.access_token(claims, 600),
        jwt.encode(unsigned, "", algorithm="none"),
        jwt.encode(unsigned | {"iss": "https://elsewhere.example"}, key.private, "RS256", {"kid": key.kid}),
    ]
    return [{"Authorization": f"Bearer {token}"} for token in tokens]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A shop that requires a token."""
    with running_shop(tmp_path_factory.mktemp("closed") / "shop", "--empty", require_token="true") as running:
        yield from _doors(running, Signer(tmp_path_factory.mktemp("foreigner")))


def test_every_route_is_in_the_table_and_every_line_is_a_route() -> None:
    assert {row.route for row in table("routes")} == ROUTES
    assert {row.route for row in table("guests")} <= ROUTES
    assert MAKERS.keys() <= {f"{row.route} {row.special}".strip() for name in TABLES for row in table(name)} | ROUTES


@pytest.mark.parametrize("name", TABLES)
def test_everybody_hears_what_the_table_says(doors: Doors, name: str) -> None:
    assert list(doors.faults(table(name), of_a_guest=name == "guests")) == []


@pytest.mark.parametrize("name", ["routes", "host"])
def test_with_the_setting_everything_takes_a_token_but_what_is_said(closed: Doors, name: str) -> None:
    rows = table(name)
    if name == "routes":
        rows = [replace(row, answers=row.answers | {"no token": "401"}) for row in rows]
    assert list(closed.faults(rows)) == []


def test_with_the_setting_the_document_says_so_and_who_signs_needs_none(closed: Doors) -> None:
    paths = closed.ask("GET", "/openapi.json")["paths"]
    opened = {
        f"{method} {path}" for path, found in paths.items() for method in found if "security" not in found[method]
    }
    assert opened == {"post /payments/webhooks/{provider}"}
    assert "signature" in closed.http.post("/payments/webhooks/sandbox", json=CHARGE).text.lower()
    assert closed.http.get("/nowhere").status_code == 404


def test_with_the_setting_one_can_still_sign_up(closed: Doors) -> None:
    body = {"ClientId": CLIENT_ID, "Username": "ann@example.com", "Password": "Correct-horse-7-battery"}
    assert call(closed, "SignUp", {}, body) is None


def call(doors: Doors, operation: str, headers: Headers, body: dict[str, Any]) -> str | None:
    """The error that a call of the user pool ends with."""
    target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"}
    error: str | None = doors.http.post("/", json=body, headers=headers | target).headers.get("x-amzn-errortype")
    return error


@pytest.mark.parametrize("operation", OPERATORS)
def test_calls_of_operators_let_in_an_admin_alone(doors: Doors, operation: str) -> None:
    asked = {"UserPoolId": POOL_ID, "Username": "nobody@example.com", "GroupName": "staff"}
    heard = {who: call(doors, operation, headers, asked) for who, headers in doors.callers.items()}
    assert heard.pop("admin") == "UserNotFoundException"
    assert set(heard.values()) == {"AccessDeniedException"}
    assert {call(doors, operation, headers, asked) for headers in doors.bad} == {"AccessDeniedException"}


def test_the_other_calls_are_open_or_about_whose_token_it_is(doors: Doors) -> None:
    assert {name for name in OPERATORS if not name.startswith("Admin")} == set()
    about_oneself = [name for name, (body, _) in OPEN.items() if issubclass(body, OfToken)]
    assert len(about_oneself) == 5
    for name in about_oneself:
        for headers in doors.bad:
            asked: dict[str, Any] = {
                "AccessToken": headers["Authorization"].removeprefix("Bearer "),
                "UserAttributes": [],
            }
            passwords = {"PreviousPassword": "x", "ProposedPassword": "y"}
            assert call(doors, name, doors.callers["admin"], asked | passwords) == "NotAuthorizedException", name
