"""The pool as a part of the host: what it needs put together, what it does by itself, and its end."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.settings import Settings
from cartwheel.local import mailbox
from cartwheel.local.identity import Signer
from cartwheel.local.mailbox import Postman

from . import accounts, codes, sign_ins
from .database import Database, connect
from .endpoint import Admit, Endpoint, Tell
from .pool import Pool

PRUNE_EVERY: Final = 600.0  # seconds


@dataclass
class UserPool:
    """`reader` is for looks that the event loop itself takes: single rows, which never wait for the writer."""

    database: Database
    pool: Pool
    endpoint: Endpoint
    postman: Postman
    reader: sqlite3.Connection
    tasks: list[asyncio.Task[None]]

    @classmethod
    def open(
        cls,
        folder: Path,
        settings: Settings,
        signer: Signer,
        trigger: Callable[[dict[str, Any]], Awaitable[None]],
        admit: Admit,
        tell: Tell,
        report: Callable[[str, str], None],
        refused_sign_in: Callable[[], None],
    ) -> "UserPool":
        """Within a running event loop. From now on `signer` refuses the tokens of sign-ins that have ended."""
        database, reader = Database(folder), connect(folder)
        postman = Postman(settings, database.run, report)
        signer.is_ended = partial(sign_ins.is_ended, reader)
        pool = Pool(database, signer, trigger, postman.wake, refused_sign_in)
        endpoint = Endpoint(pool, signer, admit, tell, report)
        tasks = [asyncio.create_task(postman.deliver()), asyncio.create_task(_prune(database))]
        return cls(database, pool, endpoint, postman, reader, tasks)

    async def put_mail(self, kind: str, recipient: str, content: tuple[str, str]) -> None:
        """A mail of another part of the host: subject and text. Raises Refused when too many wait."""
        await self.database.run(lambda connection: mailbox.put(connection, kind, recipient, content))
        self.postman.wake()

    async def close(self) -> None:
        """What is under way is finished."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.pool.hasher.close()
        self.database.close()
        self.reader.close()


async def _prune(database: Database) -> None:
    """What has expired is wiped, and not only ignored."""
    while True:
        for part in (sign_ins, codes, mailbox, accounts):
            await database.run(part.prune)
        await asyncio.sleep(PRUNE_EVERY)
