"""`up`: from a data folder to a serving shop, and back."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.catalog.sample import sample
from cartwheel.kernel.clock import now, timestamp
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.traces import described

from . import address, nursery, storage
from .assembly import assemble
from .channel import AsyncChannel, Connection, spare_collector
from .database import open_for_reading
from .execution import Place
from .gateway import Gateway, HttpRequest
from .host import Host, open_folder, spawn
from .identity import Signer, with_secrets
from .logs import FOLDER
from .monitoring.collector import Collector
from .monitoring.monitor import Clock
from .private import made_private
from .server import Server

MAX_BACKLOG: Final = 20_000  # messages and events under way before the shop says 503


@dataclass(frozen=True)
class Options:
    """How a shop is started. `say` is told the progress, a line each."""

    folder: Path
    host: str
    port: int
    with_sample: bool
    max_backlog: int
    settings: Settings
    say: Callable[[str], None]
    clock: Clock = field(default_factory=Clock)  # monitoring's


def up(options: Options) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises AlreadyRunning, ConnectionError when a process of the host died, and OSError when the address or the folder
    cannot be had.
    """
    os.umask(0o077)  # what is in the folder is the owner's alone
    open_folder(options.folder)
    if found := made_private(options.folder):
        options.say(f"{', '.join(found)} could be read by others, and no longer can: if anyone did, replace it.")
    address.forget(options.folder)  # a killed host leaves its own
    with socket.create_server((options.host, options.port), backlog=2048) as listener:
        settings = with_secrets(options.settings, options.folder)
        place = Place(APP.switched(settings), options.folder, settings)
        signer = Signer(options.folder)
        writer = spawn(lambda host: storage.main(options.folder, place.app, host))
        forker = spawn(lambda host: nursery.main(place, host), writer)
        import uvloop  # after the forks: they need no event loop

        uvloop.run(_run(options, place, signer, writer, forker, listener))
        with contextlib.suppress(ChildProcessError):
            while True:  # who waits for this process may open the folder then: storage has closed it
                os.wait()


async def _run(
    options: Options, place: Place, signer: Signer, writer: Connection, forker: Connection, listener: socket.socket
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    write_log = _host_log(options.folder)
    asyncio.get_running_loop().set_exception_handler(partial(_report, write_log))
    lost: list[str] = []

    def ended(process: str) -> None:
        lost.append(process)
        stop.set()

    storage_channel = AsyncChannel(writer, partial(ended, "storage"))
    nursery_channel = AsyncChannel(forker, partial(ended, "nursery"))
    await storage_channel.hello
    collector = Collector(options.clock.now)
    host = Host(place.app, place, options.max_backlog, storage_channel, nursery_channel, write_log, collector)
    document = await nursery_channel.hello
    await host.start()
    reader = open_for_reading(options.folder)
    parts = assemble(host, options.folder, options.clock, address.is_loopback(options.host), signer, document, reader)
    if options.with_sample and _is_empty(reader):
        options.say("Loading the sample shop …")
        await _load_sample(parts.server.gateway, signer, host)
    parts.monitor.start()
    stop_export = _export(options, write_log)
    spare_collector()
    parts.server.ready = True
    _report_http(write_log)
    await _serve(options, parts.server, listener, stop)
    await parts.users.close()
    await parts.monitor.stop()
    if lost:
        write_log("host", f"its {lost[0]} process ended")
        await host.abandon()
        raise ConnectionError(f"its {lost[0]} process ended")
    await host.stop()
    await asyncio.to_thread(stop_export)
    write_log("host", "stopped")


def _export(options: Options, report: Callable[..., None]) -> Callable[[], None]:
    """Send spans to a collector, where one is named; the answer is how to stop."""
    if not options.settings.otlp_endpoint:
        return lambda: None
    from .otlp import Exporter

    return Exporter(options.folder / FOLDER, options.settings.otlp_endpoint, report).start()


async def _serve(options: Options, server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    """Answer HTTP until told to stop; requests that are under way then are finished."""
    import uvicorn

    from .connection import Connection, watch

    class Uvicorn(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # the host handles signals: HTTP is only the first part of stopping

    config = uvicorn.Config(
        server,
        http=Connection,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=30,
    )
    http = Uvicorn(config)
    serving = asyncio.create_task(http.serve(sockets=[listener]))
    watching = asyncio.create_task(watch(http.server_state.connections))
    url = _url(options.host, listener)
    address.write(options.folder, url)
    options.say(f"Cartwheel serves on {url}  (API: {url}/docs, data: {options.folder})")
    await stop.wait()
    options.say("Stopping …")
    http.should_exit = True
    await serving
    watching.cancel()
    address.forget(options.folder)


def _url(host: str, listener: socket.socket) -> str:
    shown = "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104 - compared, not bound
    return f"http://{shown}:{listener.getsockname()[1]}"


def _is_empty(reader: Any) -> bool:
    return reader.execute("SELECT 1 FROM events LIMIT 1").fetchone() is None


async def _load_sample(gateway: Gateway, signer: Signer, host: Host) -> None:
    token = signer.token("cartwheel-up", ["staff"], 60)
    headers = {"content-type": "text/csv", "authorization": f"Bearer {token}"}
    answer = await gateway.answer(HttpRequest("POST", "/products/import", "", headers, sample()))
    if answer.status != 202:
        raise RuntimeError(f"the sample shop was not taken: {answer.body.decode()}")
    await host.drained()


def _report(write_log: Callable[..., None], _: Any, context: dict[str, Any]) -> None:
    """What the event loop has to say of tasks that failed: asyncio would print the exceptions' texts."""
    error = context.get("exception")
    write_log("host", f"{context['message']}: {described(error)}" if error else context["message"])


def _report_http(write_log: Callable[..., None]) -> None:
    """What uvicorn has to say, which it would print with the texts of exceptions."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info and record.exc_info[1]
            write_log("http", f"{record.msg} {described(error)}" if error else str(record.msg))

    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [Handler(logging.ERROR)], False


def _host_log(folder: Path) -> Callable[..., None]:
    """The host's own log: what happens to processes and schedules, one JSON line each."""
    path = folder / FOLDER / "host.jsonl"
    path.parent.mkdir(mode=0o700, exist_ok=True)

    def write(about: str, message: str, **facts: str | None) -> None:
        line = {"timestamp": timestamp(now()), "about": about, "message": message, **facts}
        with path.open("a") as log:
            log.write(json.dumps(line) + "\n")

    write("host", "starting")
    return write
