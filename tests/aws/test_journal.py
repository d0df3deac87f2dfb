"""The journal on CloudWatch: one query over all log groups, waited for no longer than the function may take."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber

from cartwheel.aws import business
from cartwheel.aws.deployment import Deployment
from cartwheel.aws.journal import InsightsJournal
from cartwheel.kernel.journal import MOST_LINES, NoJournal, Unreachable
from cartwheel.kernel.store import AccessDenied

ORDER = "01a1fb8c-3552-753f-bcbd-fab7e587e765"
SINCE = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def logs() -> Any:
    return Session().create_client("logs", "eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret")


def row(**line: Any) -> list[dict[str, str]]:
    return [{"field": "@message", "value": json.dumps(line)}, {"field": "@ptr", "value": "1"}]


def started(stub: Stubber) -> None:
    stub.add_response("start_query", {"queryId": "q"})


def answered(stub: Stubber, status: str, *rows: list[dict[str, str]]) -> None:
    stub.add_response("get_query_results", {"status": status, "results": list(rows)}, {"queryId": "q"})


def test_lines_come_in_order_when_the_query_is_done(logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cartwheel.aws.journal.PAUSE", 0)
    asked: list[dict[str, Any]] = []
    logs.meta.events.register("provide-client-params.logs.StartQuery", lambda params, **_: asked.append(params))
    with Stubber(logs) as stub:
        started(stub)
        answered(stub, "Scheduled")
        answered(stub, "Running", row(timestamp="2026-11-21T12:00:09Z"))
        late = row(timestamp="2026-11-21T12:00:02.000+00:00", orderId=ORDER)
        odd = [{"field": "@message", "value": f"REPORT {ORDER}"}]
        answered(stub, "Complete", late, odd, row(timestamp="2026-11-21T12:00:01.000+00:00"), row(message="timeless"))
        lines = InsightsJournal(lambda: logs, ["one", "two"]).lines(ORDER, SINCE)
        stub.assert_no_pending_responses()
    assert [line["timestamp"] for line in lines] == ["2026-11-21T12:00:01.000Z", "2026-11-21T12:00:02.000Z"]
    (query,) = asked
    assert query["logGroupNames"] == ["one", "two"]
    assert query["startTime"] == int(SINCE.timestamp()) < query["endTime"]
    assert query["queryString"] == (
        f"fields @message | filter @message like /{ORDER}/ | sort @timestamp desc | limit {MOST_LINES}"
    )


def test_a_query_that_takes_too_long_is_stopped(logs: Any) -> None:
    with Stubber(logs) as stub:
        started(stub)
        answered(stub, "Running")
        stub.add_response("stop_query", {"success": True}, {"queryId": "q"})
        with pytest.raises(Unreachable, match="more than 0 s"):
            InsightsJournal(lambda: logs, ["one"], patience=0).lines(ORDER, SINCE)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Unknown"])
def test_a_query_that_is_given_up_says_so(logs: Any, status: str) -> None:
    with Stubber(logs) as stub:
        started(stub)
        answered(stub, status)
        with pytest.raises(Unreachable, match=status):
            InsightsJournal(lambda: logs, ["one"]).lines(ORDER, SINCE)


@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException", "MalformedQueryException"])
def test_what_aws_refuses_is_named(logs: Any, code: str) -> None:
    with Stubber(logs) as stub:
        stub.add_client_error("start_query", code, "no")
        with pytest.raises(Unreachable, match=code):
            InsightsJournal(lambda: logs, ["one"]).lines(ORDER, SINCE)


@pytest.mark.parametrize("text", ["", "/ | display @message", f"{ORDER}/", "TEST-1234"])
def test_nothing_but_an_id_gets_into_a_query(logs: Any, text: str) -> None:
    with Stubber(logs), pytest.raises(ValueError, match="by an id"):
        InsightsJournal(lambda: logs, ["one"]).lines(text, SINCE)


def test_nobody_looks_into_queues(logs: Any) -> None:
    assert InsightsJournal(lambda: logs, ["one"]).held(ORDER) is None


def test_only_who_is_told_of_log_groups_has_a_journal() -> None:
    reader = business.open_journal(Deployment(function="ledger-api", log_groups="one two"))
    assert isinstance(reader, InsightsJournal)
    nobody = business.open_journal(Deployment(function="basket-api"))
    assert isinstance(nobody, NoJournal)
    with pytest.raises(AccessDenied, match="basket-api"):
        nobody.lines(ORDER, SINCE)
