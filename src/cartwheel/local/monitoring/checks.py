"""What is looked at to know how the host is. A threshold is that of the alarm on the same thing: never two truths.

Each check is one short look at what is there anyway; `local/health.py` calls them, and bears that one never answers.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cartwheel.kernel.clock import timestamp
from cartwheel.kernel.health import SECONDS, Part, Status
from cartwheel.kernel.own_metrics import OUTBOX_AGE
from cartwheel.kernel.platform_metrics import OLDEST, QUEUE, VISIBLE, dead_letters
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import App
from cartwheel.local.pump import Clockwork

from .evaluation import State
from .samples import samples
from .standing import Standing
from .tally import key_of

ROOM: Final = 1 << 30  # bytes; an order takes 13 KB, so it is room for a day of a busy shop, and time to make more


def moment(seconds: float) -> str:
    """A timestamp of seconds since 1970."""
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def work(reader: sqlite3.Connection, app: App, settings: Settings) -> list[Part]:
    """What waits to be sent and to be handled, and what was given up."""
    found, names = dict(samples(reader, app)), [consumer.name for consumer in app.consumers]
    outboxes = {part.name: found[key_of(OUTBOX_AGE, {"Slice": part.name})] for part in app.slices if part.emits}
    queues = {name: found[key_of(OLDEST, {QUEUE: name})] for name in names}
    dead = {name: found[key_of(VISIBLE, {QUEUE: dead_letters(name)})] for name in names}
    return [
        _ages("outbox", outboxes, settings.alarm_outbox_age, "events of every slice are sent"),
        _ages("queues", queues, settings.alarm_queue_age, "no message waits long"),
        _dead(reader, dead, settings.alarm_dead_letters),
    ]


def _ages(name: str, ages: Mapping[str, float], most: float, well: str) -> Part:
    late = {each: age for each, age in ages.items() if age > most}
    detail = ", ".join(f"{each} waits for {age:.0f} s" for each, age in late.items())
    since = moment(time.time() - max(late.values())) if late else None
    rounded = {each: round(age, 1) for each, age in ages.items()}
    return Part(name, _degraded(late), detail or well, since, SECONDS, rounded)


def _dead(reader: sqlite3.Connection, counts: Mapping[str, float], most: int) -> Part:
    many = {each: count for each, count in counts.items() if count >= most}
    detail = ", ".join(f"{count:.0f} of {each}" for each, count in many.items())
    since = None
    if many:
        (first,) = reader.execute("SELECT min(died_at) FROM dead_letters").fetchone()
        since = moment(first / 1000) if first else None
    return Part("dead-letters", _degraded(many), detail or "nothing was given up", since, "messages", counts)


def schedules(clocks: Iterable[Clockwork]) -> Part:
    """One is late that has missed two of its runs, its function's time limit included."""
    ages = {each.schedule.function.name: time.monotonic() - each.ran for each in clocks}
    allowed = {each.schedule.function.name: _allowed(each) for each in clocks}
    late = {name: age for name, age in ages.items() if age > allowed[name]}
    detail = ", ".join(f"{name} did not run for {age:.0f} s" for name, age in late.items())
    since = moment(time.time() - max(late.values())) if late else None
    rounded = {name: round(age, 1) for name, age in ages.items()}
    return Part("schedules", _degraded(late), detail or "each ran in its time", since, SECONDS, rounded)


def _allowed(clock: Clockwork) -> float:
    schedule = clock.schedule
    return 2 * (schedule.every + schedule.function.timeout).total_seconds()


def disk(folder: Path) -> Part:
    free = shutil.disk_usage(folder).free
    short = free < ROOM
    return Part("disk", _degraded(short), f"{free / 1e9:.1f} GB are free", None, "bytes", {"free": free})


def alarms(standings: Sequence[Standing]) -> Part:
    """Those that were told and are not over."""
    on = [each for each in standings if each.told or each.state is State.ALARM]
    detail = ", ".join(each.alarm.name for each in on)
    since = moment(min(each.since for each in on)) if on else None
    return Part("alarms", _degraded(on), detail or "none is on", since, "alarms", {"on": len(on)})


def _degraded(found: object) -> Status:
    return Status.DEGRADED if found else Status.OK
