"""Events go where the map says, and nowhere in silence."""

from collections.abc import Iterator
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.kernel.bus import ARCHIVED
from tests.infra import wanted
from tests.infra.stage import MAPPING, RULE, SCHEDULE, Stage, differences, pascal

HOUR: Final = 3600
NEW_OUTBOX_ROWS: Final = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"PK":{"S":[{"prefix":"OUTBOX#"}]}}}}'


def targets_have_dead_letters_and_retries(stage: Stage) -> Iterator[str]:
    """Those of rules and of schedules."""
    targets = [(name, target) for name, rule in stage.of(RULE).items() for target in rule["Targets"]]
    targets += [(name, schedule["Target"]) for name, schedule in stage.of(SCHEDULE).items()]
    for name, target in targets:
        if not target.get("DeadLetterConfig", {}).get("Arn", "").startswith("shop/"):
            yield f"{name} drops in silence what it cannot deliver"
        if not {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} <= target.get("RetryPolicy", {}).keys():
            yield f"{name} does not say how long it tries"


def rules_match_what_the_map_subscribes_to(stage: Stage) -> Iterator[str]:
    found: dict[str, list[Any]] = {}
    for rule in stage.of(RULE).values():
        for target in rule["Targets"]:
            found.setdefault(target["Arn"], []).append((rule.get("EventBusName"), rule.get("EventPattern")))
    bus = stage.output("EventBusName")
    subscribed = {
        f"{stage.output(f'{pascal(consumer.name)}QueueUrl')}.Arn": [(bus, p) for p in consumer.subscriptions]
        for consumer in APP.consumers
    }
    yield from differences(found, subscribed, "the patterns for")


def rules_and_schedules_are_switched_on(stage: Stage) -> Iterator[str]:
    for kind in (RULE, SCHEDULE, MAPPING):
        for name, resource in stage.of(kind).items():
            if resource.get("State", "ENABLED") != "ENABLED" or resource.get("Enabled", True) is not True:
                yield f"{name} is switched off"


def consumers_are_fed_from_their_queues(stage: Stage) -> Iterator[str]:
    found = {
        mapping["FunctionName"]: (mapping["EventSourceArn"], _batches(mapping), _concurrency(mapping))
        for mapping in stage.of(MAPPING).values()
        if not _stream(mapping)
    }
    fed = {
        stage.function_id(c.name): (
            f"{stage.output(f'{pascal(c.name)}QueueUrl')}.Arn",
            (c.batch, 1 if c.batch > 10 else None),  # the seconds that Lambda demands for so many
            c.function.concurrency or 20,
        )
        for c in APP.consumers
    }
    yield from differences(found, fed, "the source of")


def relays_are_woken_by_their_tables(stage: Stage) -> Iterator[str]:
    found = {m["FunctionName"]: m["EventSourceArn"] for m in stage.of(MAPPING).values() if _stream(m)}
    woken = {
        stage.function_id(f"{part.name}-relay"): f"{stage.table(part.table.name)}.StreamArn"
        for part in APP.slices
        if part.emits
    }
    yield from differences(found, woken, "the stream of")
    for mapping in stage.of(MAPPING).values():
        if _stream(mapping) and [f["Pattern"] for f in _filters(mapping)] != [NEW_OUTBOX_ROWS]:
            yield f"{mapping['FunctionName']} is woken by other rows than the new ones of the outbox"


def one_failure_does_not_repeat_its_batch(stage: Stage) -> Iterator[str]:
    for name, mapping in stage.of(MAPPING).items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} takes a batch as failed or done as a whole"


def no_record_blocks_its_stream(stage: Stage) -> Iterator[str]:
    for name, mapping in stage.of(MAPPING).items():
        if not _stream(mapping):
            continue
        if mapping.get("BisectBatchOnFunctionError") is not True:
            yield f"{name} does not part a bad record from its batch"
        if not 0 <= mapping.get("MaximumRetryAttempts", -1) <= 10:
            yield f"{name} tries a bad record for ever"
        if not 0 < mapping.get("MaximumRecordAgeInSeconds", -1) <= HOUR:
            yield f"{name} holds on to old records"
        if not mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "").startswith("shop/"):
            yield f"{name} forgets what it gave up"


def time_wakes_whom_the_map_says(stage: Stage) -> Iterator[str]:
    found = {s["Target"]["Arn"]: s["ScheduleExpression"] for s in stage.of(SCHEDULE).values()}
    due = {f"{stage.function_id(name)}.Arn": expression for name, expression in wanted.timers().items()}
    yield from differences(found, due, "the schedule of")


def a_run_that_failed_is_left_to_the_next(stage: Stage) -> Iterator[str]:
    """Lambda would repeat it twice by itself, beside the runs that are due."""
    configured = stage.of("AWS::Lambda::EventInvokeConfig").values()
    found = {run["FunctionName"]: (run.get("Qualifier"), run.get("MaximumRetryAttempts")) for run in configured}
    due = {stage.function_id(name): ("$LATEST", 0) for name in wanted.timers()}
    due |= {stage.function_id(function.name): ("$LATEST", 2) for function in APP.invoked}
    yield from differences(found, due, "the repetitions of")


def a_call_that_nobody_waits_for_is_not_lost(stage: Stage) -> Iterator[str]:
    """Who invokes a function by name and does not wait for it hears nothing of its failure."""
    configured = stage.of("AWS::Lambda::EventInvokeConfig").values()
    found = {
        each["FunctionName"]: each["DestinationConfig"].get("OnFailure", {}).get("Destination")
        for each in configured
        if "DestinationConfig" in each
    }
    undelivered = f"{stage.output('UndeliveredUrl')}.Arn"
    due = {stage.function_id(function.name): undelivered for function in APP.invoked}
    yield from differences(found, due, "where failed calls end of")


def the_archive_keeps_the_events_of_the_bus(stage: Stage) -> Iterator[str]:
    archives = list(stage.of("AWS::Events::Archive").values())
    if [archive["SourceArn"] for archive in archives] != [f"{stage.output('EventBusName')}.Arn"]:
        yield f"the archives are of {archives}"
    days = {archive.get("RetentionDays") for archive in archives}
    if days != {ARCHIVED.days if stage.production else 3}:
        yield f"the archive keeps events for {days} days"


def _stream(mapping: dict[str, Any]) -> bool:
    """Only a stream has a place to start at; a queue has none."""
    return "StartingPosition" in mapping


def _filters(mapping: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mapping.get("FilterCriteria", {}).get("Filters", [])
    return found


def _batches(mapping: dict[str, Any]) -> Any:
    return mapping.get("BatchSize"), mapping.get("MaximumBatchingWindowInSeconds")


def _concurrency(mapping: dict[str, Any]) -> Any:
    return mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
