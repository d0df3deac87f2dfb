"""The metrics that AWS itself makes of functions, queues and the API. The embedded host makes the same of its own.

Dimensions have the names of the map here: a function's, a consumer's queue (`payment-events`) and its dead letters
(`payment-events-dead-letters`), the one API (`api`). A deployment puts its physical names in their place. Without
dimensions it is all functions together.
"""

from typing import Final

from .metrics import Metric, Unit

LAMBDA: Final = "AWS/Lambda"
SQS: Final = "AWS/SQS"
API_GATEWAY: Final = "AWS/ApiGateway"
FUNCTION: Final = "FunctionName"
QUEUE: Final = "QueueName"
API_ID: Final = "ApiId"
API: Final = "api"  # its one value

INVOCATIONS: Final = Metric("Invocations", Unit.COUNT, "times it was invoked", (FUNCTION,), LAMBDA)
ERRORS: Final = Metric("Errors", Unit.COUNT, "invocations that failed, timed out or died", (FUNCTION,), LAMBDA)
DURATION: Final = Metric("Duration", Unit.MILLISECONDS, "time an invocation took", (FUNCTION,), LAMBDA)
ITERATOR_AGE: Final = Metric(
    "IteratorAge", Unit.MILLISECONDS, "age of the last record that a relay was given by its stream", (FUNCTION,), LAMBDA
)
THROTTLES: Final = Metric("Throttles", Unit.COUNT, "invocations refused because too many ran", (), LAMBDA)

OLDEST: Final = Metric("ApproximateAgeOfOldestMessage", Unit.SECONDS, "age of the oldest message", (QUEUE,), SQS)
VISIBLE: Final = Metric("ApproximateNumberOfMessagesVisible", Unit.COUNT, "messages that wait", (QUEUE,), SQS)

REQUESTS: Final = Metric("Count", Unit.COUNT, "requests", (API_ID,), API_GATEWAY)
REFUSED: Final = Metric("4xx", Unit.COUNT, "answers that say the caller is at fault", (API_ID,), API_GATEWAY)
BROKEN: Final = Metric("5xx", Unit.COUNT, "answers that say we are at fault", (API_ID,), API_GATEWAY)
LATENCY: Final = Metric("Latency", Unit.MILLISECONDS, "time from a request to its answer", (API_ID,), API_GATEWAY)

PLATFORM: Final = (
    *(INVOCATIONS, ERRORS, DURATION, THROTTLES, ITERATOR_AGE),
    *(OLDEST, VISIBLE),
    *(REQUESTS, REFUSED, BROKEN, LATENCY),
)


def dead_letters(consumer: str) -> str:
    """The name of a consumer's queue of dead letters."""
    return f"{consumer}-dead-letters"
