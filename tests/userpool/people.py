"""Somebody with boto3 and an address, at a shop whose mailbox the test can read."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from random import randrange
from typing import Any, Final

import httpx
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import Session

from cartwheel.kernel.ids import new_id
from cartwheel.local.identity import CLIENT_ID
from tests.support.running import RunningShop

PASSWORD: Final = "Correct-horse-7-battery"
NEW_PASSWORD: Final = "Another-horse-8-battery"

Answer = dict[str, Any]


def cognito(url: str, headers: dict[str, str]) -> BaseClient:
    """boto3's client, as one has it for a pool on AWS, with another endpoint. It tries once, so that tests see all."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    client: BaseClient = Session().create_client(
        "cognito-idp", region_name="eu-central-1", endpoint_url=url, config=config
    )
    client.meta.events.register("before-send", lambda request, **_: request.headers.update(headers))
    return client


def somewhere() -> dict[str, str]:
    """The header of a request that a proxy has forwarded, from an address that nobody had before."""
    return {"X-Forwarded-For": f"10.{randrange(256)}.{randrange(256)}.{randrange(256)}"}


@dataclass
class Person:
    """A customer. Every method raises what boto3 raises."""

    shop: RunningShop
    email: str = field(default_factory=lambda: f"person-{new_id()}@example.com")

    @cached_property
    def client(self) -> Any:
        return cognito(self.shop.url, self.place)

    @cached_property
    def place(self) -> dict[str, str]:
        """Everybody has an address of their own, which limits count."""
        return somewhere()

    def sign_up(self, password: str = PASSWORD, **more: Any) -> Answer:
        attributes = [{"Name": "email", "Value": self.email}]
        return self._call("sign_up", Password=password, UserAttributes=attributes, **more)

    def confirm(self, code: str | None = None) -> Answer:
        return self._call("confirm_sign_up", ConfirmationCode=code or self.code("code-confirm"))

    def sign_in(self, password: str = PASSWORD) -> Answer:
        parameters = {"USERNAME": self.email, "PASSWORD": password}
        answer = self.client.initiate_auth(ClientId=CLIENT_ID, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        result: Answer = answer["AuthenticationResult"]
        return result

    def refresh(self, refresh_token: str) -> Answer:
        answer = self.client.initiate_auth(
            ClientId=CLIENT_ID, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": refresh_token}
        )
        result: Answer = answer["AuthenticationResult"]
        return result

    def forget(self) -> Answer:
        return self._call("forgot_password")

    def reset(self, password: str = NEW_PASSWORD, code: str | None = None) -> Answer:
        return self._call(
            "confirm_forgot_password", Password=password, ConfirmationCode=code or self.code("code-reset")
        )

    def joined(self) -> Answer:
        """Signed up, confirmed, signed in."""
        self.sign_up()
        self.confirm()
        return self.sign_in()

    def mails(self) -> list[Answer]:
        """To this person, newest first."""
        return [mail for mail in self.shop.get("/_host/mailbox", self.admin)["items"] if mail["to"] == self.email]

    def code(self, kind: str) -> str:
        """The newest one."""
        text = next(mail["text"] for mail in self.mails() if mail["kind"] == kind)
        found = re.search(r"\b\d{6}\b", text)
        assert found, text
        return found[0]

    def wrong_code(self, kind: str) -> str:
        return f"{(int(self.code(kind)) + 1) % 1_000_000:06}"

    @property
    def admin(self) -> dict[str, str]:
        return self.shop.token("the-admin", "admin")

    def operate(self, operation: str, **parameters: str) -> httpx.Response:
        """A call that takes an admin's token, as the command line sends it."""
        headers = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}", **self.admin}
        body = {"UserPoolId": "local_cartwheel", "Username": self.email, **parameters}
        return self.shop.http.post(f"{self.shop.url}/", json=body, headers=headers)

    def _call(self, operation: str, **parameters: Any) -> Answer:
        answer: Answer = getattr(self.client, operation)(ClientId=CLIENT_ID, Username=self.email, **parameters)
        return answer
