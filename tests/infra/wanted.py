"""What the map asks for, worked out from `app.py` alone: the rules compare the templates with it."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from cartwheel.app import APP
from cartwheel.aws.deployment import Deployment
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import Consumer, Function, Slice
from cartwheel.kernel.vault import granted

from .stage import Stage, pascal

Trigger = Literal["api", "consumer", "schedule", "direct", "relay", "pages"]

SHOP: Final = APP.switched(Settings())  # as a stage has it whose settings nobody gave
RELAY_TIMEOUT: Final = 30 * timedelta(seconds=1)
PAGES_TIMEOUT: Final = 10 * timedelta(seconds=1)
HEARTBEAT: Final = "ordering"  # the table that the pages look into, to see whether it answers


@dataclass(frozen=True)
class Wanted:
    """A function that a stage must have. Relays and the pages are in no map: they have no `function`."""

    name: str
    trigger: Trigger
    timeout: timedelta
    part: Slice | None = None
    function: Function | None = None
    consumer: Consumer | None = None
    of_the_pool: bool = False  # the user pool calls it


def functions() -> dict[str, Wanted]:
    """Every function that there must be, by name."""
    wanted = [Wanted("pages", "pages", PAGES_TIMEOUT)]
    for part in SHOP.slices:
        if part.emits:
            wanted.append(Wanted(f"{part.name}-relay", "relay", RELAY_TIMEOUT, part))
        if part.api:
            wanted.append(Wanted(part.api.name, "api", part.api.timeout, part, part.api))
        for consumer in part.consumers:
            function = consumer.function
            wanted.append(Wanted(function.name, "consumer", function.timeout, part, function, consumer))
        wanted += [Wanted(s.function.name, "schedule", s.function.timeout, part, s.function) for s in part.schedules]
        wanted += [Wanted(each.name, "direct", each.timeout, part, each) for each in part.invoked]
        called = [trigger.function for trigger in part.triggers]
        wanted += [Wanted(each.name, "direct", each.timeout, part, each, of_the_pool=True) for each in called]
    return {each.name: each for each in wanted}


def timers() -> dict[str, str]:
    """How often each function runs by itself; the sweepers of the outboxes every minute."""
    every = {f"{part.name}-relay": timedelta(minutes=1) for part in SHOP.slices if part.emits}
    every |= {schedule.function.name: schedule.every for schedule in SHOP.schedules}
    minutes = {name: max(1, math.ceil(interval / timedelta(minutes=1))) for name, interval in every.items()}
    return {name: f"rate({count} minute{'s' * (count > 1)})" for name, count in minutes.items()}


def logs(stage: Stage, reader: str) -> list[str]:
    """The log groups of all functions of the shop but the one that reads them, by the functions' names."""
    names = sorted(name for name, each in functions().items() if name != reader and not each.of_the_pool)
    return [stage.functions[name][1]["LoggingConfig"]["LogGroup"] for name in names if name in stage.functions]


def deployment(stage: Stage, wanted: Wanted) -> Deployment:
    """What the function must be told."""
    part, function, consumer = wanted.part, wanted.function, wanted.consumer
    if part is None:
        return Deployment(function=wanted.name, stage=stage.name, table_name=stage.table(HEARTBEAT))
    api = wanted.trigger == "api"
    publishes = wanted.trigger == "relay" or (function is not None and "publish" in function.access)
    pool = stage.output("UserPoolId")
    return Deployment(
        function=wanted.name,
        stage=stage.name,
        handler=function.handler if function else "",
        table=part.table.name,
        table_name=stage.table(part.table.name),
        vault_name=stage.table(APP.vault.name) if function and granted(function.access) else "",
        indexes={index.name: (index.partition, index.sort) for index in part.table.all_indexes},
        bus_name=stage.output("EventBusName") if publishes else "",
        queue_url=stage.output(f"{pascal(wanted.name)}QueueUrl") if consumer else "",
        user_pool_id=pool if function and "identity" in function.access else "",
        retry_delay=consumer.retry_delay.total_seconds() if consumer else 0,
        max_receives=consumer.max_receives if consumer else 0,
        log_groups=" ".join(logs(stage, wanted.name)) if function and "journal" in function.access else "",
        issuer=f"https://cognito-idp.${{AWS::Region}}.amazonaws.com/{pool}" if api else "",
        audience=stage.output("UserPoolClientId") if api else "",
        secrets=secrets(stage, function) if function else {},
    )


def secrets(stage: Stage, function: Function) -> dict[str, str]:
    """What the function declares, but for the mail server's password: no stage of the tests names such a server."""
    return {name: stage.secret(name) for name in function.secrets if name != "smtp_password"}
