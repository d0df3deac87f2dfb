"""A few real orders, bought in a real shop, as patterns for any number of stored ones.

What the shop stored of an order (in every table: the order, its payment, its reservation, mails, the inbox's marks, the
archived events) is taken as it is; a copy differs in its ids and times. So a stored order looks as the shop's code of
today would have left it, and this module knows nothing of what is in it.
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

import uvloop

from cartwheel.app import APP
from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.ids import new_id
from cartwheel.local.database import open_for_reading, physical
from tests.support.running import RunningShop

from .shopping import SKUS, buy
from .wire import wires

CHAINED: Final = "audit"  # its entries follow on each other, whatever becomes of an order: there are no copies of them
TABLES: Final = [*(physical(table.name) for table in APP.tables if table.name != CHAINED), "events"]
ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MONTH: Final = re.compile(r"(?:(?<=MAILBOX#)|(?<=EVENTS#))\d{4}-\d\d")
BETWEEN_ROWS, BETWEEN_COLUMNS = "\x1e", "\x1f"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as text, an empty one for NULL; `until` is when the shop will remove it (epoch seconds)."""

    table: str
    columns: tuple[str, ...]
    until: float

    @classmethod
    def of(cls, table: str, row: tuple[Any, ...]) -> "Row":
        if table == "events":
            _, published_at, body = row  # the copy gets a position of its own
            return cls(table, ("", str(published_at), body), float("inf"))
        return cls(table, tuple("" if value is None else str(value) for value in row), row[3] or float("inf"))

    def aged(self, age: timedelta) -> "Row":
        """The archive's rows hold their time as a number; all other times are text that tells what it is."""
        if self.table != "events":
            return self
        position, published_at, body = self.columns
        return replace(self, columns=(position, str(int(published_at) - age // timedelta(milliseconds=1)), body))


class Pattern:
    """An order of a certain age, ready to be copied."""

    def __init__(self, rows: list[Row], age: timedelta) -> None:
        end = time.time() + age.total_seconds()
        kept = [row.aged(age) for row in rows if row.until > end]
        text = BETWEEN_ROWS.join(BETWEEN_COLUMNS.join(row.columns) for row in kept)
        text = MOMENT.sub(lambda found: timestamp(datetime.fromisoformat(found[0]) - age), text)
        text = MONTH.sub(timestamp(datetime.now().astimezone() - age)[:7], text)
        ids = list(dict.fromkeys(ID.findall(text)))
        # The tables' shards follow from an id's last digit, so that stays.
        self._digits = [each[-1] for each in ids]
        self._pick = itemgetter(*map(ids.index, ID.findall(text)))
        self._text = ID.sub("%s", text.replace("%", "%%"))
        self._tables = [row.table for row in kept]

    def copy(self, milliseconds: int) -> Iterator[tuple[str, list[str]]]:
        """The rows of another order of that moment (epoch milliseconds): table and columns."""
        text = self._text % self._pick(self._new_ids(milliseconds))
        for table, row in zip(self._tables, text.split(BETWEEN_ROWS), strict=True):
            yield table, row.split(BETWEEN_COLUMNS)

    def _new_ids(self, milliseconds: int) -> list[str]:
        digits = f"{milliseconds:012x}"
        begin = f"{digits[:8]}-{digits[8:]}-7"
        chance = os.urandom(9 * len(self._digits)).hex()
        places = range(0, len(chance), 18)
        return [
            f"{begin}{chance[at : at + 3]}-8{chance[at + 3 : at + 6]}-{chance[at + 6 : at + 17]}{last}"
            for at, last in zip(places, self._digits, strict=True)
        ]


@dataclass(frozen=True)
class Specimens:
    """The rows of an order each: one of a guest and one of a customer, confirmed, and fulfilled ones too."""

    confirmed: list[list[Row]]
    fulfilled: list[list[Row]]


def buy_specimens(shop: RunningShop) -> Specimens:
    """Buys them; the shop is settled afterwards."""
    with closing(open_for_reading(shop.folder)) as reader:

        def pair(*, fulfil: bool) -> list[list[Row]]:
            return [_rows_of_one(shop, reader, headers, fulfil) for headers in ({}, shop.token(new_id()))]

        return Specimens(confirmed=pair(fulfil=False), fulfilled=pair(fulfil=True))


def _rows_of_one(shop: RunningShop, reader: sqlite3.Connection, headers: dict[str, str], fulfil: bool) -> list[Row]:
    last = {table: reader.execute(f"SELECT ifnull(max(rowid), 0) FROM {table}").fetchone()[0] for table in TABLES}

    async def shopper() -> str:
        async with wires(shop.port, 1) as (wire,):
            return await buy(wire, SKUS[0], headers)

    order_id = uvloop.run(shopper())
    shop.wait_until_settled()
    if fulfil:
        shop.request("POST", f"/orders/{order_id}/fulfil")
        shop.wait_until_settled()
    return [
        Row.of(table, row)
        for table in TABLES
        for row in reader.execute(f"SELECT * FROM {table} WHERE rowid > ?", (last[table],))
    ]
