"""A whole shop in one process and one thread: the real slices, store, bus and queues, without the host around them.

Tests decide when events are delivered, so what a second, late or lost delivery does can be seen.
"""

import importlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cartwheel.app import APP
from cartwheel.kernel import openapi
from cartwheel.kernel.bus import PUBLISH, Entry, NoEntrance
from cartwheel.kernel.caller import GROUPS
from cartwheel.kernel.environment import Environment, install
from cartwheel.kernel.errors import MethodNotAllowed, NotFound
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.identity import IDENTITY, NoUsers
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.journal import JOURNAL, Journal, NoJournal
from cartwheel.kernel.queue import Failure, Message
from cartwheel.kernel.router import FUNCTION, Router, Target
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store, StoreError
from cartwheel.local.database import open_for_writing
from cartwheel.local.engine import Engine
from cartwheel.local.items import Prepared
from cartwheel.local.journal import FileJournal
from cartwheel.local.logs import FOLDER
from cartwheel.local.store import GuardedStore, SqliteStore

Typed = TypeVar("Typed", bound=Event)


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Context:
    """What Lambda tells a function about its invocation."""

    function_name: str
    aws_request_id: str = field(default_factory=new_id)
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:test"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


class Shop:
    """See the module's text. `shop.store` is not bound by declared access, functions are."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._connection = open_for_writing(folder, APP)
        self.engine = Engine(self._connection, APP)
        self.journal: Journal = FileJournal(folder / FOLDER, self._connection)
        self.store: Store = SqliteStore(APP, self._connection, self._commit)
        self._functions = APP.functions
        self.handled = 0
        self.ended: list[str] = []  # accounts of the user pool

    def close(self) -> None:
        self._connection.close()

    def _commit(self, transactions: list[list[Prepared]]) -> list[StoreError | None]:
        with self.engine.group():
            return self.engine.transact_each(transactions)

    def invoke(self, function_name: str, event: dict[str, Any]) -> Any:
        """Call a function as its host would, with the access it declares."""
        function, part = self._functions[function_name]
        guarded = GuardedStore(self.store, function_name, part.table.name, function.access)
        settings = self.settings.for_function(function_name, function.secrets)
        bus = self if PUBLISH in function.access else NoEntrance(function_name)
        journal = self.journal if JOURNAL in function.access else NoJournal(function_name)
        users = self if IDENTITY in function.access else NoUsers(function_name)
        install(Environment(function_name, guarded, settings, bus, journal, users=users))
        module, _, attribute = function.handler.partition(":")
        return getattr(importlib.import_module(module), attribute)(event, Context(function_name))

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """An HTTP request, routed to its slice. `token` is `staff`, `admin` or `customer:<subject>`."""
        event = http_event(method, path, json, token, headers or {}, body)
        target, parameters = _target(method, event["rawPath"])
        answer = self.invoke(target.function, event | {"routeKey": target.key, "pathParameters": parameters})
        return Answer(answer["statusCode"], answer.get("headers", {}), answer.get("body") or "")

    def put(self, entry: Entry) -> str:
        """The `Entrance` of functions that publish."""
        with self.engine.group():
            return self.engine.bus.put(entry)

    def delete(self, subject: str) -> None:
        """The `Users` of functions that end accounts."""
        self.ended.append(subject)

    def publish(self, event: Event) -> dict[str, Any]:
        """Put an event on the bus as if its slice had emitted it; answers the envelope."""
        envelope = Envelope.of(event, Cause(new_id(), new_id()))
        with self.engine.group():
            assert self.engine.bus.publish([envelope]) == []
        return envelope.to_dict()

    def deliver(self, consumer: str, envelope: dict[str, Any]) -> None:
        """One delivery of an event to a consumer. Raises AssertionError when it failed."""
        failures = self._handle(consumer, [Message("1", json.dumps(envelope), 1, "0")])
        assert not failures, failures

    def relay(self) -> None:
        """Send what is in the outboxes."""
        while self.engine.has_unsent:
            with self.engine.group():
                self.engine.relay()

    def drain(self, allow_failures: bool = False) -> None:
        """Relay and deliver until nothing is left. Without `allow_failures`, a failed delivery is an error at once."""
        moved = True
        while moved:
            self.relay()
            moved = sum(self._drain_queue(each.name, each.batch, allow_failures) for each in APP.consumers) > 0

    def _drain_queue(self, queue: str, batch: int, allow_failures: bool) -> bool:
        with self.engine.group():
            self._connection.execute("UPDATE messages SET visible_at = 0")  # no waiting for retries here
            messages = self.engine.queues.receive(queue, batch)
        if not messages:
            return False
        failures = self._handle(queue, messages)
        assert allow_failures or not failures, failures
        done = [message.id for message in messages if message.id not in failures]
        with self.engine.group():
            self.engine.queues.settle(queue, done, [Failure(key, error) for key, error in failures.items()])
        return True

    def _handle(self, consumer: str, messages: list[Message]) -> dict[str, str]:
        records = [
            {
                "messageId": message.id,
                "body": message.body,
                "attributes": {"ApproximateReceiveCount": str(message.receives)},
                "eventSource": "aws:sqs",
            }
            for message in messages
        ]
        answer = self.invoke(consumer, {"Records": records})
        self.handled += len(records)
        return {
            failure["itemIdentifier"]: answer["errors"].get(failure["itemIdentifier"], "")
            for failure in answer["batchItemFailures"]
        }

    def run_schedule(self, name: str) -> int:
        return int(self.invoke(name, {})["count"])

    def envelopes(self) -> list[dict[str, Any]]:
        """Every event that was published, in order."""
        self.relay()
        return [json.loads(body) for (body,) in self._connection.execute("SELECT body FROM events ORDER BY position")]

    def events(self, event_type: type[Typed]) -> list[Typed]:
        """The published events of a type, in order."""
        return [
            event_type.model_validate(envelope["detail"]["data"])
            for envelope in self.envelopes()
            if envelope["detail-type"] == event_type.detail_type() and envelope["source"] == event_type.source
        ]

    def dead_letters(self) -> list[tuple[str, str]]:
        """Queue and error of every dead letter."""
        return list(self._connection.execute("SELECT queue, error FROM dead_letters ORDER BY id"))


@cache
def _router() -> Router:
    return Router(openapi.document(APP))


def _target(method: str, path: str) -> tuple[Target, dict[str, str]]:
    """What answers it; of a path that is no route, any function of its neighbourhood, which will say so."""
    try:
        return _router().find(method, path)
    except (NotFound, MethodNotAllowed):
        first = f"/{path.split('/')[1]}"
        near = next(operations for each, operations in openapi.document(APP)["paths"].items() if each.startswith(first))
        function = next(iter(near.values()))[FUNCTION]
        return Target(function, "open", "$default", 0), {}


def http_event(
    method: str, path: str, document: Any, token: str | None, headers: dict[str, str], body: str | None
) -> dict[str, Any]:
    """An API Gateway payload 2.0 event."""
    raw_path, _, raw_query = path.partition("?")
    query = dict(part.split("=", 1) for part in raw_query.split("&")) if raw_query else {}
    text = json.dumps(document) if document is not None else body
    content_type = {"content-type": "application/json"} if document is not None else {}
    context: dict[str, Any] = {
        "http": {"method": method, "path": raw_path, "sourceIp": "127.0.0.1"},
        "requestId": new_id(),
        "stage": "$default",
    }
    if token:
        kind, _, subject = token.partition(":")
        claims = {"sub": subject or kind} | ({GROUPS: f"[{kind}]"} if kind in ("staff", "admin") else {})
        context["authorizer"] = {"jwt": {"claims": claims}}
    return {
        "version": "2.0",
        "routeKey": f"{method} {raw_path}",
        "rawPath": raw_path,
        "rawQueryString": raw_query,
        "headers": content_type | {name.lower(): value for name, value in headers.items()},
        "queryStringParameters": query,
        "requestContext": context,
        "body": text,
        "isBase64Encoded": False,
    }
