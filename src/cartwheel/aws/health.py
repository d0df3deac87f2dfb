"""How a deployment is, as far as one read can tell: all else is CloudWatch's to say (ADR 39)."""

import time
from dataclasses import dataclass
from typing import Any, Final

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.errors import Forbidden, Unauthorised
from cartwheel.kernel.health import MILLISECONDS, Part, Status, report
from cartwheel.kernel.traces import described

from .payload import Event

FRESH: Final = 2.0  # seconds that an answer is given again
NOBODYS: Final = {name: {"S": "HEALTH"} for name in ("PK", "SK")}  # there is no such item: to look for it is the check


@dataclass
class Health:
    """`table_name` is the table of orders: without it the shop sells nothing. One for each environment."""

    table_name: str
    _told: tuple[int, dict[str, Any]] = (0, {})
    _fresh_until: float = 0.0

    def answer(self, asked: Event) -> tuple[int, dict[str, Any]]:
        """Raises a Problem for whoever may not ask; API Gateway has verified the token."""
        caller = Caller.of(asked)
        if caller.subject is None:
            raise Unauthorised("Send a staff token: Authorization: Bearer <token>.")
        if not caller.is_staff:
            raise Forbidden("Only staff may do this.")
        if time.monotonic() >= self._fresh_until:
            self._told = report([self._storage()], timestamp(now()))
            self._fresh_until = time.monotonic() + FRESH
        return self._told

    def _storage(self) -> Part:
        from botocore.exceptions import BotoCoreError, ClientError  # late: no other page needs them

        from . import clients

        dynamodb, began = clients.impatient("dynamodb"), time.perf_counter()
        try:
            dynamodb.get_item(TableName=self.table_name, Key=NOBODYS)
        except (BotoCoreError, ClientError) as error:
            return Part("storage", Status.FAILING, described(error))
        took = round(1000 * (time.perf_counter() - began), 1)
        return Part("storage", Status.OK, f"answered in {took:g} ms", None, MILLISECONDS, {"answer": took})
