"""The embedded host, as `make up` starts it."""

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
from botocore import UNSIGNED
from botocore.config import Config
from botocore.session import Session

from cartwheel.kernel.ids import new_id
from cartwheel.local.database import FILE
from cartwheel.local.identity import CLIENT_ID
from tests.cli.shell import cartwheel
from tests.support.aws_command import NO_CONFIGURATION, aws
from tests.support.letters import bury
from tests.support.running import RunningShop

from .hosts import RECORDED_CALLS, THROWN_AWAY, Envelope, Headers, Role, invoked, row_of

CODE: Final = re.compile(r"\b\d{6}\b")
# Short enough to see their end, long enough that no other case runs into them.
SETTINGS: Final = {"reservation_lifetime": "12", "fulfilment_deadline": "25", "reconciliation_grace": "2"}
ANY: Final = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "eu-west-1"}


class Embedded:
    """The embedded host in a folder of its own."""

    patience = 30.0
    lacks: Final = {
        RECORDED_CALLS: "its functions call no AWS; its store itself refuses what the map does not declare",
        THROWN_AWAY: "it has no stacks; the commands of its documents are run by tests/docs",
    }

    def __init__(self, folder: Path) -> None:
        self._shop = RunningShop(folder, dict(SETTINGS), ("--empty",))
        self._shop.start()
        self.http = httpx.Client(base_url=self._shop.url, timeout=30, trust_env=False)

    def token(self, role: Role) -> Headers:
        return self._shop.token(f"{role}-{new_id()}", *([] if role == "customer" else [role]))

    def publish(self, envelope: Envelope) -> None:
        """By way of an outbox: for an event of others any will do."""
        slice_name = envelope["source"].removeprefix("cartwheel.")
        slice_name = slice_name if slice_name != envelope["source"] else "ledger"
        self.leave_behind(slice_name, row_of(envelope, slice_name))

    def send(self, queue: str, body: str) -> None:
        """By way of the dead letters: from there operators can send a message to its queue."""
        (letter,) = bury(self._shop.folder, queue, [(body, "")])
        self._shop.request("POST", f"/_host/dead-letters/redrive?id={letter}")

    def dead_letters(self, queue: str) -> list[str]:
        letters = self._shop.items(f"/_host/dead-letters?queue={queue}")
        return [self._shop.get(f"/_host/dead-letters/{letter['id']}")["body"] for letter in letters]

    def leave_behind(self, table: str, row: dict[str, Any]) -> None:
        self._execute(
            f'INSERT INTO "items_{table}" (pk, sk, item, "outboxShard", "outboxId") VALUES (?, ?, ?, ?, ?)',
            (row["PK"], row["SK"], json.dumps(row), row.get("outboxShard"), row.get("outboxId")),
        )

    def _execute(self, statement: str, values: tuple[Any, ...]) -> None:
        """Beside the storage process: that is safe, for it keeps no outbox rows in mind."""
        with closing(sqlite3.connect(self._shop.folder / FILE, timeout=20)) as connection, connection:
            connection.execute(statement, values)

    def invoke(self, function: str, payload: Any) -> dict[str, Any]:
        keys = {"region_name": "eu-west-1", "aws_access_key_id": "any", "aws_secret_access_key": "any"}
        client = Session().create_client("lambda", endpoint_url=self._shop.url, **keys)
        return invoked(client.invoke(FunctionName=function, Payload=json.dumps(payload)))

    def run(self, function: str) -> None:
        """Its clock is quick enough."""

    def aws(self, *arguments: str, folder: Path) -> Any:
        """With any credentials."""
        variables = {**os.environ, **NO_CONFIGURATION, **ANY}
        return aws(*arguments, "--endpoint-url", self._shop.url, folder=folder, variables=variables)

    def physical(self, function: str) -> str:
        return function

    def logged(self, function: str, text: str) -> list[str]:
        return cartwheel("logs", function, "--grep", text, "--data", str(self._shop.folder)).out.splitlines()

    def users(self) -> tuple[Any, str]:
        config = Config(signature_version=UNSIGNED)
        make = Session().create_client
        return make("cognito-idp", region_name="eu-west-1", endpoint_url=self._shop.url, config=config), CLIENT_ID

    def code(self, address: str) -> str:
        mails = self._shop.get("/_host/mailbox", self._shop.token("the-admin", "admin"))["items"]
        return next(found[0] for mail in mails if mail["to"] == address and (found := CODE.search(mail["text"])))

    def confirmed(self, subject: str, address: str) -> None:
        """It has been told."""

    def webhook_secret(self) -> bytes:
        secrets = json.loads((self._shop.folder / "secrets.json").read_text())
        return bytes(secrets["webhook_secret"], "ascii")

    def close(self) -> None:
        self.http.close()
        self._shop.close()
