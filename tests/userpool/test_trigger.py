"""The shop is told of every account, however often that fails, before anybody can sign in with it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
import pytest

from cartwheel.kernel.errors import InternalError
from cartwheel.kernel.identity import POST_CONFIRMATION
from cartwheel.local import mailbox
from cartwheel.local.identity import CLIENT_ID, Signer
from cartwheel.local.userpool import signing_in, signing_up
from cartwheel.local.userpool.bodies import Confirming, SigningIn, SigningUp
from cartwheel.local.userpool.database import Database
from cartwheel.local.userpool.errors import Refused
from cartwheel.local.userpool.pool import Pool

from .people import PASSWORD, Person

ANN = "ann@example.com"
HERE = "192.0.2.1"

Event = dict[str, Any]


class Shop:
    """Takes accounts, or for a while does not."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.told: list[Event] = []

    async def __call__(self, event: Event) -> None:
        self.told.append(event)
        if len(self.told) <= self.failures:
            raise InternalError("not now")


async def confirm(pool: Pool) -> None:
    (mail,) = await pool.database.run(lambda connection: mailbox.newest(connection, 1))
    found = re.search(r"\d{6}", mail.text)
    assert found
    asked = Confirming.model_validate({"ClientId": CLIENT_ID, "Username": ANN, "ConfirmationCode": found[0]})
    await signing_up.confirm_sign_up(pool, asked, HERE)


async def sign_in(pool: Pool) -> Event:
    parameters = {"USERNAME": "Ann@Example.com", "PASSWORD": PASSWORD}
    body = {"ClientId": CLIENT_ID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    result: Event = (await signing_in.initiate_auth(pool, SigningIn.model_validate(body), HERE))["AuthenticationResult"]
    return result


def with_pool(folder: Path, shop: Shop, story: Callable[[Pool], Awaitable[None]]) -> None:
    """What happens after Ann signed up."""

    async def run() -> None:
        with closing(Database(folder)) as database:
            pool = Pool(database, Signer(folder), shop, lambda: None, lambda: None)
            body = {"ClientId": CLIENT_ID, "Username": ANN, "Password": PASSWORD}
            await signing_up.sign_up(pool, SigningUp.model_validate(body), HERE)
            await story(pool)
            pool.hasher.close()

    asyncio.run(run())


def test_a_shop_that_does_not_take_the_account_is_told_again(folder: Path) -> None:
    async def story(pool: Pool) -> None:
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                await confirm(pool)
            assert refused.value.kind == "UserLambdaValidationException"
        await confirm(pool)
        await confirm(pool)
        await sign_in(pool)

    shop = Shop(failures=2)
    with_pool(folder, shop, story)
    assert len(shop.told) == 3  # once more than it failed, and never again
    assert {event["userName"] for event in shop.told} == {shop.told[0]["request"]["userAttributes"]["sub"]}


def test_nobody_signs_in_before_the_shop_knows_them(folder: Path) -> None:
    async def story(pool: Pool) -> None:
        with pytest.raises(Refused):
            await confirm(pool)
        with pytest.raises(Refused) as refused:
            await sign_in(pool)
        assert refused.value.kind == "UserLambdaValidationException"
        assert "AccessToken" in await sign_in(pool)

    shop = Shop(failures=2)
    with_pool(folder, shop, story)
    assert len(shop.told) == 3
    event = shop.told[-1]
    assert (event["triggerSource"], event["response"]) == (POST_CONFIRMATION, {})
    assert event["request"]["userAttributes"]["email"] == ANN
    assert event["request"]["userAttributes"]["email_verified"] == "true"


def test_the_running_shop_knows_who_has_confirmed(person: Person) -> None:
    tokens = person.joined()
    subject = jwt.decode(tokens["AccessToken"], options={"verify_signature": False})["sub"]
    person.shop.wait_until(
        lambda: any(
            event["detail"]["metadata"]["subject"].endswith(subject)
            for event in person.shop.events("CustomerRegistered")
        ),
        10,
    )
