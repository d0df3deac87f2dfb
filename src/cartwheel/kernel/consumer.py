"""Events in: the function behind a queue. A bad message fails alone; the others of its batch are done.

batch ─► each message: handler ─► its unit of work ─┐
                                                    ├─► one trip to the store, each transaction for itself
whoever lost against another writer: once more, alone ◄┘
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from . import json, metrics, own_metrics, telemetry, tracing
from .clock import is_moment, of_epoch
from .envelope import NoEvent
from .environment import environment
from .events import Cause, Envelope
from .inbox import Inbox, Prepared
from .store import ConditionFailed, Store, StoreError
from .traces import described
from .unit_of_work import record

Record = dict[str, Any]  # of SQS


def handler(inbox: Inbox) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The function Lambda calls with a batch of SQS records; it answers which of them failed, and why."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(environment().function, context.aws_request_id)
        errors = Batch(inbox, environment().store).handle(event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in errors], "errors": errors}

    handle.inbox = inbox  # type: ignore[attr-defined]  # so that the map can be checked against it
    return handle


@dataclass
class Delivery:
    """A message in work; its envelope is known once it was read."""

    record: Record
    envelope: Envelope | None = None
    span: tracing.Context | None = None
    began: float = field(default_factory=time.perf_counter)

    @property
    def message_id(self) -> str:
        return str(self.record["messageId"])

    @property
    def receives(self) -> int:
        return int(self.record["attributes"]["ApproximateReceiveCount"])

    def follow(self) -> None:
        """Further lines belong to its story; as long as it has told none, to itself."""
        if self.span and tracing.active() is self.span:
            return  # the only one of its batch
        read = self.envelope
        if self.span:
            tracing.activate(self.span)
        else:
            self.span = tracing.begin(*(read.told(name) for name in ("traceparent", "tracestate")) if read else ())
        telemetry.follow(read.cause() if read else Cause("unknown", self.message_id), read.order_id if read else None)

    def facts(self) -> dict[str, Any]:
        """For its line in the log: what was delivered, the how manieth time, when it came by, how long all took."""
        read = self.envelope
        event = {"eventType": read.detail_type, "eventId": read.id, "subject": read.subject} if read else {}
        milliseconds = round((time.perf_counter() - self.began) * 1000, 1)
        return {**event, "receives": self.receives, "milliseconds": milliseconds, **self._way()}

    def _way(self) -> dict[str, str]:
        """From the event to here: when it was emitted, left the outbox where that is another moment, was queued.

        Of a foreign event it may be any text, which is not for the log.
        """
        way = tracing.ids(self.span) if self.span else {}
        if read := self.envelope:
            told = {"eventAt": read.time, "relayedAt": read.told("relayedAt")}
            way |= {name: moment for name, moment in told.items() if moment and is_moment(moment)}
        sent = self.record["attributes"].get("SentTimestamp")
        return {**way, "sentAt": of_epoch(int(sent))} if sent else way


@dataclass(frozen=True)
class Batch:
    """The handling of one batch."""

    inbox: Inbox
    store: Store

    def handle(self, records: list[Record]) -> dict[str, str]:
        """The errors of the failed messages, by message id."""
        if self.inbox.handles_every:
            telemetry.info("handling", messages=len(records))
        errors: dict[str, str] = {}
        prepared: list[tuple[Delivery, Prepared]] = []
        for delivery in map(Delivery, records):
            metrics.record(own_metrics.DELIVERY_ATTEMPTS, delivery.receives)
            try:
                prepared.append((delivery, self._prepare(delivery)))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this message's failure
                errors[delivery.message_id] = _failed(delivery, error)
        outcomes = self.store.transact_each([work.writes for _, work in prepared]) if prepared else []
        for (delivery, work), refused in zip(prepared, outcomes, strict=True):
            try:
                self._follow(delivery)
                self._handled(delivery, self._settle(work, refused))
            except Exception as error:  # noqa: BLE001 - as above
                errors[delivery.message_id] = _failed(delivery, error)
        return errors

    def _prepare(self, delivery: Delivery) -> Prepared:
        message = json.parse(delivery.record["body"])
        if not isinstance(message, dict):
            raise NoEvent("the message is not a JSON object")
        delivery.envelope = Envelope.parse(message)
        self._follow(delivery)
        return self.inbox.prepare(self.store, delivery.envelope)

    def _settle(self, work: Prepared, refused: StoreError | None) -> bool:
        """Whether the message had its effect now. False: it had had it before."""
        if refused is None:
            record(work.measured)
            return True
        if not isinstance(refused, ConditionFailed):
            raise refused
        return 0 not in refused.failed and self.inbox.deliver(self.store, work.envelope)

    def _follow(self, delivery: Delivery) -> None:
        """Whoever handles every event has no news of one: it would say no more than that there was one."""
        if not self.inbox.handles_every:
            delivery.follow()

    def _handled(self, delivery: Delivery, now: bool) -> None:
        if not self.inbox.handles_every:
            telemetry.info("handled" if now else "handled before", **delivery.facts())


def _failed(delivery: Delivery, error: Exception) -> str:
    """The cause goes with the dead letter. A validation error would quote the data, so it only names the fields."""
    metrics.record(own_metrics.FAILED_DELIVERIES)
    delivery.follow()
    described = describe(error)
    pause = environment().retries.after(delivery.receives)
    then = {"lastDelivery": True} if pause is None else {"retrySeconds": pause}
    telemetry.error("delivery failed", messageId=delivery.message_id, error=described, **delivery.facts(), **then)
    return described


def describe(error: Exception) -> str:
    """What failed, without what is in the message: a validation error would quote it, so it only names the fields."""
    if isinstance(error, ValidationError):
        fields = ", ".join(".".join(map(str, found["loc"])) for found in error.errors(include_input=False))
        return f"ValidationError in {fields}"
    return described(error)
