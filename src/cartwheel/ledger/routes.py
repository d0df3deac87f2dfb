"""HTTP in: the staff's view of the ledger."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import AwareDatetime, StringConstraints

from cartwheel.kernel import http
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import environment
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import reconciliation
from .listing import EventPage, asked, page
from .model import LONGEST_NAME
from .run_answers import RunAnswer, StartReconciliation, findings_of
from .timeline import Timeline, tell
from .trace import Traces, trace

app = http.api("ledger")

Named = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]


@app.get("/events", **http.route("List the events of a type, a subject or a request", EventPage, role="staff"))
def list_events(
    event_type: Annotated[Named | None, Query(alias="type")] = None,
    subject: Annotated[Named | None, Query()] = None,
    correlation: Annotated[Named | None, Query()] = None,
    start: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[str]:
    by, value = asked({"type": event_type, "subject": subject, "correlation": correlation})
    return http.page(page(environment().store, by, value, start, end, limit, cursor))


@app.get(
    "/orders/<order_id>/timeline",
    **http.route("Tell what happened to an order, and what it waits for", Timeline, role="staff"),
)
def read_timeline(order_id: str) -> Response[str]:
    return http.answer(tell(environment(), order_id))


@app.get("/orders/<order_id>/trace", **http.route("Tell how long each hop of an order took", Traces, role="staff"))
def read_trace(order_id: str) -> Response[str]:
    return http.answer(trace(environment(), order_id))


@app.post("/reconciliations", **http.route("Compare what the slices say", RunAnswer, status=202, role="staff"))
def start_reconciliation(wanted: Annotated[StartReconciliation, Body()]) -> Response[str]:
    grace = Settings.duration(environment().settings.reconciliation_grace)

    def work(unit: UnitOfWork) -> RunAnswer:
        return RunAnswer.of(reconciliation.start(unit, now(), grace, wanted.everything), [])

    return http.command(app, work, status=202)


@app.get("/reconciliations/<run_id>", **http.route("Read what a reconciliation found", RunAnswer, role="staff"))
def read_reconciliation(run_id: str) -> Response[str]:
    run = reconciliation.find(environment().store, run_id)
    return http.answer(RunAnswer.of(run, findings_of(environment().store, run)))


handler = http.handler(app)
