"""The `Journal` on CloudWatch: the log groups of all functions are searched with Logs Insights.

Nobody can look into an SQS queue without taking from it; what a queue holds follows from the last line about it.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cartwheel.kernel.clock import epoch, now, timestamp
from cartwheel.kernel.ids import is_id
from cartwheel.kernel.journal import MOST_LINES, Held, Line, Unreachable

PATIENCE: Final = 6.0  # seconds for a query, of the ten that the function has; most take one or two
PAUSE: Final = 0.25  # seconds from one look at its results to the next
UNDER_WAY: Final = frozenset({"Scheduled", "Running"})
QUERY: Final = "fields @message | filter @message like /{}/ | sort @timestamp desc | limit {}"


class InsightsJournal:
    """`client` gives botocore's of `logs`: it is made at the first question, since most invocations ask none."""

    def __init__(self, client: Callable[[], Any], groups: Sequence[str], patience: float = PATIENCE) -> None:
        self._client = client
        self._groups = list(groups)
        self._patience = patience

    def lines(self, about: str, since: datetime) -> list[Line]:
        if not is_id(about):
            raise ValueError("lines are searched by an id")  # nothing else may get into the query
        try:
            messages = self._search(about, since)
        except (ClientError, BotoCoreError) as error:
            said = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            raise Unreachable(f"CloudWatch Logs did not answer ({said})") from None
        found = [line for message in messages for line in _parsed(message)]
        return sorted(found, key=lambda line: str(line["timestamp"]))

    def held(self, _order_id: str) -> list[Held] | None:
        return None

    def _search(self, about: str, since: datetime) -> list[str]:
        """Raises Unreachable, and botocore's errors."""
        started = self._client().start_query(
            logGroupNames=self._groups,
            startTime=epoch(since),
            endTime=epoch(now()) + 1,
            queryString=QUERY.format(about, MOST_LINES),
        )
        answer = self._results(started["queryId"])
        if answer["status"] != "Complete":
            raise Unreachable(f"CloudWatch Logs gave the query up ({answer['status']})")
        return [cell["value"] for row in answer["results"] for cell in row if cell["field"] == "@message"]

    def _results(self, query_id: str) -> Any:
        end = time.monotonic() + self._patience
        while (answer := self._client().get_query_results(queryId=query_id))["status"] in UNDER_WAY:
            if time.monotonic() > end:
                self._client().stop_query(queryId=query_id)  # it is paid by what it reads
                raise Unreachable(f"CloudWatch Logs took more than {self._patience:g} s; ask again")
            time.sleep(PAUSE)
        return answer


def _parsed(message: str) -> Iterator[Line]:
    """None, if it is Lambda's own or somebody printed it."""
    try:
        line = json.loads(message)
        line["timestamp"] = timestamp(datetime.fromisoformat(line["timestamp"]))
    except (ValueError, KeyError, TypeError):
        return
    yield line
