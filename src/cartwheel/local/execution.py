"""An execution environment: a process that runs one function, one invocation at a time, as on Lambda.

Nothing that a library keeps between or during invocations can reach another invocation, and a function that hangs or
dies takes only its own process with it.
"""

import importlib
import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel import environment, metrics, telemetry
from cartwheel.kernel.bus import PUBLISH, Entry, NoEntrance
from cartwheel.kernel.identity import IDENTITY, NoUsers
from cartwheel.kernel.journal import JOURNAL, NoJournal
from cartwheel.kernel.queue import Retries
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import App

from . import address
from .channel import Connection, call, name_process
from .database import open_for_reading
from .journal import FileJournal
from .logs import redirect_output, rotate_if_large
from .store import GuardedStore, SqliteStore
from .userpool.accounts import LocalUsers
from .userpool.database import connect

MOST_LETTERS: Final = 4000  # of an error's text
BACKGROUND: Final = 15  # niceness of what no caller waits for: answers come first, the backlog is worked off behind


class Failed(RuntimeError):
    """What a function raised, by type and text. The text is only for who invoked it by name, as on Lambda: it may quote
    what was sent.
    """

    def __init__(self, function: str, error_type: str, message: str) -> None:
        super().__init__(function, error_type, message)
        self.error_type, self.message = error_type, message

    def __str__(self) -> str:
        return f"{self.args[0]} failed: {self.error_type}"


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function about its invocation."""

    function_name: str
    aws_request_id: str
    deadline: float  # time.monotonic()
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:local"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@dataclass(frozen=True)
class Place:
    """Where the functions of a host run: the same for all of them."""

    app: App
    folder: Path
    settings: Settings


@dataclass(frozen=True)
class StorageEntrance:
    """The `Entrance` to the bus, which lives in the storage process: what it has taken is durable."""

    storage: Connection

    def put(self, entry: Entry) -> str:
        event_id: str = call(self.storage, "put_event", entry)
        return event_id


def load(handler: str) -> Any:
    """The object that `module:attribute` names."""
    module, _, attribute = handler.partition(":")
    return getattr(importlib.import_module(module), attribute)


def run(place: Place, function_name: str, host: Connection, storage: Connection) -> None:
    """The process's whole life: say who it is, then invocation after invocation, until the host is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    name_process(function_name)
    function, part = place.app.functions[function_name]
    if function_name != (part.api and part.api.name):
        os.nice(BACKGROUND)
    log = redirect_output(place.folder, function_name)
    store = SqliteStore(place.app, open_for_reading(place.folder), partial(call, storage, "transact"))
    guarded = GuardedStore(store, function_name, part.table.name, function.access)
    settings = place.settings.for_function(function_name, function.secrets)
    bus = StorageEntrance(storage) if PUBLISH in function.access else NoEntrance(function_name)
    journal = FileJournal.open(place.folder) if JOURNAL in function.access else NoJournal(function_name)
    users = LocalUsers(connect(place.folder)) if IDENTITY in function.access else NoUsers(function_name)
    retries = _retries(place.app, function_name)
    url = (address.read(place.folder) or "") if environment.VISIT in function.access else ""
    environment.install(environment.Environment(function_name, guarded, settings, bus, journal, retries, users, url))
    handler = load(function.handler)
    host.send([(0, os.getpid())])
    while True:
        try:
            ((number, _, (request_id, event)),) = host.recv()
        except (EOFError, OSError):
            return
        allowed = function.timeout.total_seconds()
        context = Context(function_name, request_id, time.monotonic() + allowed)
        answer = _invoke(handler, event, context)
        metrics.record_time_left((context.deadline - time.monotonic()) / allowed)
        host.send([(number, (answer, metrics.take()))])
        rotate_if_large(log)


def _retries(app: App, function_name: str) -> Retries:
    """Those of the function's queue, if it has one."""
    for consumer in app.consumers:
        if consumer.name == function_name:
            return Retries(consumer.max_receives, consumer.retry_delay.total_seconds())
    return Retries()


def _invoke(handler: Any, event: dict[str, Any], context: Context) -> Any:
    try:
        return handler(event, context)
    except Exception as error:  # noqa: BLE001 - the host answers; a broken invocation must not end the process
        telemetry.error("the function failed", error=type(error).__name__)
        return Failed(context.function_name, type(error).__name__, str(error)[:MOST_LETTERS])
