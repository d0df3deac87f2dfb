"""What answers HTTP, put together with all that is behind it."""

import json
import sqlite3
import time
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.docs_page import docs_page
from cartwheel.kernel.own_metrics import SIGN_IN_FAILURES
from cartwheel.kernel.router import Router
from cartwheel.kernel.throttle import Throttle

from .door import Door
from .gateway import Gateway
from .health import Health
from .host import Host
from .identity import Signer
from .invoke import Invoke
from .monitoring.monitor import Clock, Monitor, open_monitor
from .monitoring.pages import Pages
from .monitoring.tally import key_of
from .operators import Operators
from .server import Server
from .triage import Triage
from .userpool.service import UserPool
from .visitor import Proxies


@dataclass(frozen=True)
class Parts:
    """What has an end of its own: HTTP first, then the others."""

    server: Server
    users: UserPool
    monitor: Monitor


def assemble(
    host: Host,
    folder: Path,
    clock: Clock,
    local_only: bool,
    signer: Signer,
    document: bytes,
    reader: sqlite3.Connection,
) -> Parts:
    """`local_only`: the host listens on a loopback address. `document` is the OpenAPI document."""
    app, settings, channel, report = host.app, host.place.settings, host.storage, host.report
    throttle, proxies = Throttle(app.rates, time.monotonic), Proxies(settings.trusted_proxies)
    door = Door(throttle, proxies, settings.allowed_origins, local_only, partial(report, "host"))
    gateway = Gateway(Router(json.loads(document)), signer, host.pools, host.overloaded, host.accepted, door.admit)
    tell, count = partial(channel.call, "tell"), partial(host.collector.add, key_of(SIGN_IN_FAILURES))
    users = UserPool.open(folder, settings, signer, host.trigger, door.admit, tell, report, count)
    triage = Triage(app, reader, channel, report)
    operators = Operators(app, reader, users.reader, triage, channel, signer, lambda: host.backlog)
    invocations = Invoke(app, folder, host.pools, signer, local_only, host.overloaded, channel)
    post = partial(users.put_mail, "alarm", settings.alarm_email) if settings.alarm_email else None
    monitor = open_monitor(app, folder, settings, host.collector, channel, post, report, clock)
    pages = Pages(monitor, dashboard_of(app, settings.currency), settings.shop_name, signer, local_only)
    docs = cache(partial(docs_page, document))
    health = Health(host, monitor, signer, folder)
    server = Server(
        door, gateway, operators, invocations, users.endpoint, pages, health, host.collector, document, docs, report
    )
    return Parts(server, users, monitor)
