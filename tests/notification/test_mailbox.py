"""The staff's mailbox over HTTP: newest first, page by page."""

import base64
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from cartwheel.kernel.ids import new_id
from cartwheel.notification import store
from cartwheel.notification.model import Kind, Mail, MailState
from tests.support.shop import Shop


def put(shop: Shop, moment: datetime) -> str:
    mail = Mail.written(
        new_id(), Kind.CONFIRMED, "ada@example.com", ("Subject", "Text"), MailState.SENT_TO_MAILBOX, moment
    )
    shop.store.transact([store.add(mail)])
    return mail.message_id


def walk(shop: Shop, limit: int) -> list[list[str]]:
    """The message ids, page by page."""
    pages: list[list[str]] = []
    cursor = ""
    while len(pages) < 20:
        answer = shop.request("GET", f"/mailbox?limit={limit}{cursor}", token="staff").json
        pages.append([mail["messageId"] for mail in answer["items"]])
        if answer["next"] is None:
            return pages
        cursor = f"&cursor={answer['next']}"
    pytest.fail("the mailbox never ends")


def test_empty(shop: Shop) -> None:
    assert shop.request("GET", "/mailbox", token="staff").json == {"items": [], "next": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_every_mail_once_newest_first_across_months(shop: Shop, limit: int) -> None:
    now = datetime.now(UTC)
    ids = [put(shop, now - timedelta(days=age)) for age in (0, 0, 1, 40, 41, 300, 364)]
    pages = walk(shop, limit)
    assert list(chain(*pages)) == sorted(ids[:2], reverse=True) + ids[2:]
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1], "the last page is never empty"


def test_mail_that_comes_in_between_moves_nothing(shop: Shop) -> None:
    now = datetime.now(UTC)
    ids = [put(shop, now - timedelta(minutes=age)) for age in (1, 2, 3)]
    first = shop.request("GET", "/mailbox?limit=2", token="staff").json
    put(shop, now)
    second = shop.request("GET", f"/mailbox?limit=2&cursor={first['next']}", token="staff").json
    assert [mail["messageId"] for mail in first["items"] + second["items"]] == ids


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("cursor", ["x", "%C3%A9", "!!!!", encoded("nonsense"), encoded("2026-13-01"), encoded("é")])
def test_bad_cursor(shop: Shop, cursor: str) -> None:
    answer = shop.request("GET", f"/mailbox?cursor={cursor}", token="staff")
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "query.cursor"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many"])
def test_bad_limit(shop: Shop, limit: str) -> None:
    assert shop.request("GET", f"/mailbox?limit={limit}", token="staff").status == 422


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("customer:ada", 403)])
def test_mailbox_is_for_staff(shop: Shop, token: str | None, status: int) -> None:
    assert shop.request("GET", "/mailbox", token=token).status == status
