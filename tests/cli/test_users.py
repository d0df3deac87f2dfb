"""Staff and admins are made and unmade by commands: the first admin, too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import RunningShop, running_shop
from tests.userpool.people import Person

from .shell import Done, cartwheel


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    with running_shop(tmp_path_factory.mktemp("users"), "--empty", trusted_proxies="127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def ann(shop: RunningShop) -> Person:
    ann = Person(shop)
    ann.sign_up()
    ann.confirm()
    return ann


def users(shop: RunningShop, *arguments: str) -> Done:
    return cartwheel("users", *arguments, "--data", str(shop.folder))


def status(shop: RunningShop, token: str, path: str = "/audit/head") -> int:
    return shop.http.get(shop.url + path, headers={"Authorization": f"Bearer {token}"}).status_code


def test_the_first_admin_is_made_by_a_command_and_unmade_at_once(shop: RunningShop, ann: Person) -> None:
    before = ann.sign_in()["AccessToken"]
    granted = users(shop, "grant", ann.email, "--group", "admin")
    assert (granted.code, granted.out) == (0, f"{ann.email} is in the group admin from the next sign-in on.\n")
    assert users(shop, "show", ann.email, "--json").json["groups"] == ["admin"]
    admin = ann.sign_in()["AccessToken"]
    assert (status(shop, before), status(shop, admin)) == (403, 200)
    revoked = users(shop, "revoke", ann.email, "--group", "admin", "--json").json
    assert revoked == {"email": ann.email, "group": "admin", "member": False}
    assert (status(shop, admin), status(shop, ann.sign_in()["AccessToken"])) == (401, 403)


def test_the_audit_has_who_was_put_where_and_no_address(shop: RunningShop, ann: Person) -> None:
    users(shop, "grant", ann.email, "--group", "staff")
    subject = users(shop, "show", ann.email, "--json").json["subject"]
    users(shop, "revoke", ann.email, "--group", "staff")
    admin = shop.token("root", "admin")
    due = {"subject": subject, "group": "staff"}

    def found() -> list[dict[str, Any]]:
        entries = [json.loads(each["entry"]) for each in shop.get("/audit?limit=100", admin)["items"]]
        return [each for each in entries if each["parameters"] == due]

    shop.wait_until(lambda: len(found()) >= 2)
    assert [each["route"] for each in found()[-2:]] == ["POST / AdminAddUserToGroup", "POST / AdminRemoveUserFromGroup"]
    assert ann.email not in shop.http.get(f"{shop.url}/audit?limit=100", headers=admin).text


def test_staff_is_not_admin(shop: RunningShop, ann: Person) -> None:
    users(shop, "grant", ann.email, "--group", "staff")
    token = ann.sign_in()["AccessToken"]
    assert (status(shop, token, "/stock"), status(shop, token)) == (200, 403)
    shown = users(shop, "show", ann.email)
    assert [line.split() for line in shown.out.splitlines()[2:]] == [["state", "CONFIRMED"], ["groups", "staff"]]
    users(shop, "revoke", ann.email, "--group", "staff")
    assert users(shop, "show", ann.email).out.endswith("none: a customer\n")


def test_who_has_no_account_cannot_be_made_anything(shop: RunningShop) -> None:
    refused = users(shop, "grant", "nobody@example.com", "--group", "admin")
    assert refused.error == "Nobody has signed up as nobody@example.com; that is what they do first."


def test_the_shop_must_run(tmp_path: Path) -> None:
    refused = cartwheel("users", "show", "ann@example.com", "--data", str(tmp_path))
    assert refused.error.startswith("No shop is running on ")


def test_there_are_two_groups(shop: RunningShop, ann: Person) -> None:
    assert users(shop, "grant", ann.email, "--group", "root").code == 2
