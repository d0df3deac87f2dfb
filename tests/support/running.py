"""A whole shop in processes of its own, as a user starts it; tests stop it, or kill it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx

from cartwheel.app import APP
from cartwheel.local.database import open_for_reading, physical
from cartwheel.local.identity import Signer

from .client import Client

SECONDS_TO_STOP: Final = 60
GUEST: Final[dict[str, str]] = {}  # the headers of who has no token


@dataclass
class RunningShop:
    """A started shop. `settings` are `CARTWHEEL_*` variables without the prefix, `module` is the command."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    url: str = ""
    module: str = "cartwheel"

    def start(self) -> str:
        """What it printed until it serves."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = self.spawn()
        assert self.process.stdout
        printed = []
        for line in self.process.stdout:
            printed.append(line)
            if "serves on" in line:
                self.url = json.loads((self.folder / "address.json").read_text())["url"]
                return "".join(printed)
        self._wait()
        raise AssertionError("the shop did not start: " + "".join(printed))

    def spawn(self) -> subprocess.Popen[str]:
        """`cartwheel up` on the shop's folder, on any free port, with what it prints as its output."""
        variables = {f"CARTWHEEL_{name.upper()}": value for name, value in self.settings.items()}
        command = [sys.executable, "-m", self.module, "up", "--port", "0", "--data", str(self.folder), *self.arguments]
        return subprocess.Popen(
            command, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def kill(self) -> None:
        """As the kernel would when memory runs out: no warning, no clean-up."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        """Ask it to stop; the exit code. What does not stop in time is killed, and its children end with it."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self._wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _wait(self) -> int:
        assert self.process
        assert self.process.stdout
        code = self.process.wait(SECONDS_TO_STOP)
        self.process.stdout.close()
        return code

    def pids(self, name: str | None = None) -> list[int]:
        """The living processes of the shop, or those of that name: `storage`, `nursery`, a function. Linux only."""
        assert self.process
        living, family = living_processes(), {self.process.pid}
        while grown := {pid for pid, (_, parent) in living.items() if parent in family} - family:
            family |= grown
        return sorted(pid for pid in family & living.keys() if name is None or living[pid][0] == name[:15])

    def kill_processes(self, name: str) -> int:
        """`kill -9` all processes of the name; how many there were."""
        killed = 0
        for pid in self.pids(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        return killed

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self) -> Client:
        return Client(self.port)

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(timeout=30)

    @cached_property
    def signer(self) -> Signer:
        return Signer(self.folder)

    def token(self, subject: str, *groups: str) -> dict[str, str]:
        """The header of a caller."""
        return {"Authorization": f"Bearer {self.signer.token(subject, list(groups), 3600)}"}

    @cached_property
    def staff(self) -> dict[str, str]:
        return self.token("the-staff", "staff")

    def request(self, method: str, path: str, document: Any = None, headers: dict[str, str] | None = None) -> Any:
        """The answer's document, asked for as staff unless the headers say otherwise. Raises on a problem."""
        answer = self.http.request(
            method, self.url + path, json=document, headers=self.staff if headers is None else headers
        )
        return answer.raise_for_status().json() if answer.content else None

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.request("GET", path, headers=headers)

    def items(self, path: str) -> list[Any]:
        """Every item of a list, page after page."""
        items, cursor = [], ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = f"&cursor={page['next']}"

    def stored(self, table: str, prefix: str) -> list[dict[str, Any]]:
        """The items of a slice's table whose key begins so, read beside the running shop."""
        with closing(open_for_reading(self.folder)) as reader:
            rows = reader.execute(
                f'SELECT item FROM "items_{table}" WHERE pk >= ? AND pk < ? ORDER BY pk', (prefix, prefix + "\uffff")
            )
            return [json.loads(item) for (item,) in rows]

    def events(self, detail_type: str) -> list[dict[str, Any]]:
        """The published events of a type, in order."""
        with closing(open_for_reading(self.folder)) as reader:
            rows = reader.execute(
                """SELECT body FROM events WHERE json_extract(body, '$."detail-type"') = ? ORDER BY position""",
                (detail_type,),
            )
            return [json.loads(body) for (body,) in rows]

    def logged(self) -> Iterator[dict[str, Any]]:
        """Every line of the functions' logs; `log` is the name of the file's function."""
        for path in sorted((self.folder / "logs").glob("*.jsonl*")):
            for line in path.read_text().splitlines():
                yield {"log": path.name.partition(".")[0], **json.loads(line)}

    def dead(self) -> int:
        """How many dead letters there are."""
        return sum(row["dead"] for row in self.get("/_host/queues"))

    def wait_until_settled(self, seconds: float = 120) -> None:
        """Until nothing is under way. Raises AssertionError when it takes too long."""
        self.wait_until(lambda: is_settled(self.folder), seconds, state=lambda: self.get("/_host/queues"))

    def wait_until(
        self, condition: Callable[[], bool], seconds: float = 60, state: Callable[[], Any] = lambda: ""
    ) -> None:
        """Raises AssertionError, with the state of things, when it takes too long."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited for {seconds} s: {state()}"
            time.sleep(0.1)

    def stock(self, sku: str, quantity: int) -> None:
        self.request("PUT", f"/stock/{sku}", {"quantity": quantity})

    def close(self) -> None:
        """Stop it, if it runs, and the connections to it."""
        try:
            self.stop()
        finally:
            self.http.close()


def is_settled(folder: Path) -> bool:
    """Whether no event is to be sent and no message to be handled: at one moment, and as it is stored, for the figure
    in `/health` is that of a moment ago.
    """
    queues = ", ".join(f"'{consumer.name}'" for consumer in APP.consumers)
    work = [f"SELECT 1 FROM messages WHERE queue IN ({queues})"]
    work += [f"SELECT 1 FROM {physical(table.name)} WHERE \"outboxShard\" > ''" for table in APP.tables if table.outbox]
    with closing(open_for_reading(folder)) as reader:
        return reader.execute(" UNION ALL ".join(work) + " LIMIT 1").fetchone() is None


def living_processes() -> dict[int, tuple[str, int]]:
    """Every process of this machine by its id: its name and its parent. Linux only."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            before, _, after = path.read_text().rpartition(")")
            state, parent = after.split()[:2]
            if state != "Z":
                found[int(path.parent.name)] = (before.partition("(")[2], int(parent))
    return found


@contextmanager
def running_shop(folder: Path, *arguments: str, **settings: str) -> Iterator[RunningShop]:
    """A shop for the length of a test; nothing of it is left behind."""
    shop = RunningShop(folder, settings, arguments)
    shop.start()
    try:
        yield shop
    finally:
        shop.close()


async def buy(client: Client, sku: str, quantity: int = 1, token: str = "tok_approve", email: str = "") -> str:
    """Basket, line, checkout, as a guest; answers the order's id."""
    basket = (await client.request("POST", "/baskets")).json["basketId"]
    put = await client.request("PUT", f"/baskets/{basket}/lines/{sku}", {"quantity": quantity})
    assert put.status == 200, put.body
    wish = {"paymentToken": token} | ({"email": email} if email else {})
    done = await client.request("POST", f"/baskets/{basket}/checkout", wish)
    assert done.status == 202, done.body
    return str(done.json["orderId"])


async def outcome(client: Client, order_id: str, seconds: float = 60) -> dict[str, Any]:
    """The order, once it is confirmed or cancelled."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        answer = await client.request("GET", f"/orders/{order_id}")
        assert answer.status == 200, answer.body
        order: dict[str, Any] = answer.json
        if order["status"] in ("CONFIRMED", "CANCELLED"):
            return order
        assert asyncio.get_running_loop().time() < end, order
        await asyncio.sleep(0.2)  # hundreds ask at once: shorter, and they would be most of the load
