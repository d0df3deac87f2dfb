"""The host's own mails: sent where there is a mail server, and tried again where it does not take them."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel.settings import Settings
from cartwheel.local import mailbox
from cartwheel.local.mailbox import Postman
from cartwheel.local.userpool.database import connect, transaction
from cartwheel.notification import smtp


def test_what_the_server_does_not_take_is_kept_and_holds_nothing_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(mail: Any, address: str, settings: Settings) -> None:
        if address.startswith("broken"):
            raise smtp.DeliveryFailed("the mail server did not take the mail: 550")
        sent.append(address)
        assert smtp.message(mail, address, settings)["To"] == address

    monkeypatch.setattr(smtp, "send", send)
    monkeypatch.setattr(mailbox, "PATIENCE", 0.01)
    reports: list[tuple[str, str]] = []
    with closing(connect(folder)) as connection:
        for number in range(30):
            name = "broken" if number < 25 else "whole"
            mailbox.put(connection, "code-confirm", f"{name}-{number}@example.com", ("Your code", "123456"))

        async def run(work: Callable[[sqlite3.Connection], Any]) -> Any:
            with transaction(connection):
                return work(connection)

        async def story() -> None:
            postman = Postman(Settings(smtp_url="smtp://localhost"), run, lambda *report: reports.append(report))
            delivering = asyncio.create_task(postman.deliver())
            while len(sent) < 5:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

        asyncio.run(asyncio.wait_for(story(), 20))
        assert sorted(sent) == [f"whole-{number}@example.com" for number in range(25, 30)]
        assert len(mailbox.newest(connection, 100)) == 25
    assert reports
    assert "@" not in str(reports)


def test_without_a_mail_server_they_are_kept_in_bounds(folder: Path) -> None:
    with closing(connect(folder)) as connection:
        with transaction(connection):
            for number in range(mailbox.MOST + 20):
                mailbox.put(connection, "code-confirm", f"{number}@example.com", ("Your code", "123456"))
        kept = mailbox.newest(connection, 5000)
    assert len(kept) == mailbox.MOST
    assert kept[0].recipient == f"{mailbox.MOST + 19}@example.com"
    assert "123456" not in repr(kept[0])
    assert "example.com" not in repr(kept[0])
