"""Events in on Lambda: a slice's consumer behind its SQS queue.

What failed comes again after a delay that doubles each time, as on the embedded host; SQS itself would wait the whole
visibility timeout. And SQS forgets, when a dead letter is sent back, when it first had the message. So the time of the
event decides whether its consumer may have forgotten it.
"""

from datetime import datetime
from typing import Any, Final

from cartwheel.kernel import telemetry
from cartwheel.kernel.clock import now
from cartwheel.kernel.inbox import DELIVERABLE
from cartwheel.kernel.letters import told_by

from . import clients
from .business import load
from .cold_start import Handler, at_cold_start
from .deployment import Deployment

MAX_DELAY: Final = 12 * 3600  # seconds, SQS's own limit
MAX_ENTRIES: Final = 10  # of a request to SQS

Record = dict[str, Any]


def make(deployment: Deployment) -> Handler:
    """It answers which messages failed; SQS removes the others. When the function fails as a whole, that is all."""
    work = load(deployment)
    queue_url, retry_delay = deployment.need("queue_url"), deployment.retry_delay

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        telemetry.begin(deployment.function, context.aws_request_id)
        records: list[Record] = event["Records"]
        fresh = [record for record in records if not outlived(record)]
        failed = {record["messageId"] for record in records} - {record["messageId"] for record in fresh}
        try:
            if fresh:
                failed |= {each["itemIdentifier"] for each in work({"Records": fresh}, context)["batchItemFailures"]}
        except Exception as error:  # noqa: BLE001 - whatever it is, every message has to come again
            telemetry.error("the function failed", error=type(error).__name__)
            failed = {record["messageId"] for record in records}
        postpone(queue_url, retry_delay, [record for record in records if record["messageId"] in failed])
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}

    return handle


def outlived(record: Record) -> bool:
    """Whether the message is too old to be sure that nothing happens twice: it goes back among the dead letters."""
    try:
        old = now() - datetime.fromisoformat(told_by(record["body"]).time or "") >= DELIVERABLE
    except (ValueError, TypeError):  # it tells no time: the function itself will say what is wrong
        return False
    if old:
        telemetry.warn("too old to be handled without danger", messageId=record["messageId"])
    return old


def postpone(queue_url: str, retry_delay: float, records: list[Record]) -> None:
    """Let the messages come again in time. Where SQS does not take that, they come later; that is no failure."""
    for start in range(0, len(records), MAX_ENTRIES):
        entries = [
            {
                "Id": str(number),
                "ReceiptHandle": record["receiptHandle"],
                "VisibilityTimeout": delay(retry_delay, int(record["attributes"]["ApproximateReceiveCount"])),
            }
            for number, record in enumerate(records[start : start + MAX_ENTRIES])
        ]
        try:
            answer = clients.client("sqs").change_message_visibility_batch(QueueUrl=queue_url, Entries=entries)
            refused = [each.get("Code", "") for each in answer.get("Failed", [])]
        except Exception as error:  # noqa: BLE001 - as said: they come again by themselves
            refused = [type(error).__name__]
        if refused:
            telemetry.info("retries come later than they should", errors=refused)


def delay(retry_delay: float, receives: int) -> int:
    """Whole seconds, from the delay after the first failure and the deliveries so far."""
    doubled: float = retry_delay * 2 ** min(receives - 1, 30)
    return min(MAX_DELAY, round(doubled))


__getattr__ = at_cold_start(make)
