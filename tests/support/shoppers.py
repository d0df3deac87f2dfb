"""Shoppers who do not give up: what was not answered is asked again, with the same Idempotency-Key."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from .client import Answer, Client
from .running import RunningShop


@dataclass
class Wish:
    """An order that somebody wants, of so many pieces of a SKU or, without one, of an amount in cents.

    `order_id` is what the shop answered with 202; `keys` counts what was asked with a key of its own.
    """

    name: str
    sku: str | None = None
    quantity: int = 1
    cents: int = 100
    token: str = "tok_approve"
    email: str | None = None
    order_id: str = ""

    @property
    def payment(self) -> dict[str, Any]:
        return {"paymentToken": self.token} | ({"email": self.email} if self.email else {})

    async def order(self, shopper: "Shopper") -> Answer:
        """Ask for it; the answer is that of the request which orders."""
        if self.sku is None:
            document = {"amount": self.cents / 100, "currency": "EUR", **self.payment}
            answer = await shopper.ask("POST", "/orders", document, f"{self.name}-order")
        else:
            opened = await shopper.ask("POST", "/baskets", None, f"{self.name}-basket")
            basket = f"/baskets/{opened.json['basketId']}"
            await shopper.ask("PUT", f"{basket}/lines/{self.sku}", {"quantity": self.quantity}, f"{self.name}-line")
            answer = await shopper.ask("POST", f"{basket}/checkout", self.payment, f"{self.name}-order")
        assert answer.status == 202, answer.body
        self.order_id = answer.json["orderId"]
        return answer


class Shopper:
    """One connection, made anew as often as it breaks. `lost` counts the requests whose answer never came."""

    def __init__(self, shop: RunningShop) -> None:
        self._shop = shop
        self._client: Client | None = None
        self.lost = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hang_up()

    async def ask(self, method: str, path: str, document: Any, key: str) -> Answer:
        """The answer, however often it has to be asked for. Raises AssertionError when the shop refuses for good."""
        while True:
            try:
                async with asyncio.timeout(20):
                    answer = await (await self._connected()).request(method, path, document, {"Idempotency-Key": key})
            except (OSError, EOFError):  # a time-out is an OSError too
                self.lost += 1
                await self._hang_up()
                await asyncio.sleep(0.05)
                continue
            if answer.status < 500:
                assert answer.status < 300, answer.body
                return answer
            await asyncio.sleep(float(answer.headers.get("retry-after", 0.05)))

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await self._shop.client().__aenter__()
        return self._client

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.__aexit__()
