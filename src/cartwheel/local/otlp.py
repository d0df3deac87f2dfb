"""Spans for a collector of OpenTelemetry's, by OTLP over HTTP, in its JSON form; only where a setting names one.

    log files ─► new lines ─► spans ─► waiting, bounded ─► POST <endpoint>/v1/traces, a batch at a time

The functions do nothing for it, and the host waits for nothing: a thread reads what they log anyway. What a collector
does not take is offered again; what does not fit meanwhile is let go, the oldest first, and counted.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

from cartwheel.kernel.spans import Kind, Span, spans

from .logfiles import Logs

if TYPE_CHECKING:
    import httpx

EVERY: Final = 1.0  # seconds between looks for new lines
PATIENCE: Final = 5.0  # seconds for an answer of the collector
BATCH: Final = 500
WAITING: Final = 10_000  # spans, about 10 MB
AGAIN: Final = frozenset({429, 502, 503, 504})  # OTLP: these are worth another try

SERVER, CLIENT, INTERNAL, PRODUCER, CONSUMER = 2, 3, 1, 4, 5
KINDS: Final[dict[Kind, int]] = {"request": SERVER, "call": CLIENT, "outbox": PRODUCER, "delivery": CONSUMER}
FAILED: Final = {"code": 2}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Exporter:
    """`folder` has the log files; `report` is told when the collector takes no spans, and when it does again."""

    folder: Path
    endpoint: str
    report: Callable[[str, str], None]
    sent: int = 0
    dropped: int = 0
    _waiting: deque[Span] = field(default_factory=deque)
    _refused: bool = False
    _stopping: Event = field(default_factory=Event)

    def start(self) -> Callable[[], None]:
        """From now on; the answer is how to stop, after what is there has been offered once more."""
        logs = Logs(self.folder, None)
        thread = Thread(target=self._run, args=(logs,), daemon=True)
        thread.start()

        def stop() -> None:
            self._stopping.set()
            thread.join(2 * PATIENCE)

        return stop

    def _run(self, logs: Logs) -> None:
        import httpx  # late: most shops export nothing

        with closing(logs), httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            while not self._stopping.wait(EVERY):
                self._round(logs, client)
            self._round(logs, client)

    def _round(self, logs: Logs, client: "httpx.Client") -> None:
        lines = [{"function": entry.function, **entry.fields} for entry in logs.newer(_traced)]
        self._waiting.extend(spans(lines))
        for _ in range(len(self._waiting) - WAITING):
            self._waiting.popleft()
            self.dropped += 1
        while self._waiting and self._offer(client):
            pass

    def _offer(self, client: "httpx.Client") -> bool:
        """Whether to go on: the first batch is gone, one way or the other."""
        batch = [self._waiting[number] for number in range(min(BATCH, len(self._waiting)))]
        status = self._post(client, batch)
        if status is None or status in AGAIN:
            self._tell(f"takes no spans now ({status or 'no answer'})")
            return False
        if 200 <= status < 300:
            self.sent += len(batch)
            self._tell(None)
        else:
            self.dropped += len(batch)
            self._tell(f"refuses spans ({status})")
        for _ in batch:
            self._waiting.popleft()
        return True

    def _post(self, client: "httpx.Client", batch: list[Span]) -> int | None:
        """The status; None where there is no answer."""
        import httpx

        try:
            return client.post(f"{self.endpoint.rstrip('/')}/v1/traces", json=document(batch)).status_code
        except httpx.HTTPError:
            return None

    def _tell(self, trouble: str | None) -> None:
        """When it begins and when it is over, not each time."""
        if trouble and not self._refused:
            self.report("otlp", f"the collector {trouble}")
        if not trouble and self._refused:
            self.report("otlp", f"the collector takes spans again; {self.dropped} were dropped so far")
        self._refused = bool(trouble)


def _traced(line: bytes) -> bool:
    return b'"traceId"' in line and b'"sampled":false' not in line


def document(batch: Iterable[Span]) -> dict[str, Any]:
    """An `ExportTraceServiceRequest`: a resource for each function."""
    by_function: defaultdict[str, list[Span]] = defaultdict(list)
    for span in batch:
        by_function[span.where].append(span)
    return {"resourceSpans": [_resource(function, those) for function, those in by_function.items()]}


def _resource(function: str, those: list[Span]) -> dict[str, Any]:
    attributes = _attributes({"service.name": "cartwheel", "faas.name": function})
    scope = {"scope": {"name": "cartwheel"}, "spans": [_span(span) for span in those]}
    return {"resource": {"attributes": attributes}, "scopeSpans": [scope]}


def _span(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **({"parentSpanId": span.parent_id} if span.parent_id else {}),
        "name": span.name if span.kind in ("request", "call", "invocation", "schedule") else f"{span.name} {span.kind}",
        "kind": KINDS.get(span.kind, INTERNAL),
        "startTimeUnixNano": _nanoseconds(span.began),
        "endTimeUnixNano": _nanoseconds(span.ended),
        "attributes": _attributes({"cartwheel.hop": span.kind, "cartwheel.attempt": span.attempt}),
        "flags": 1,
        **({"status": FAILED} if span.failed else {}),
    }


def _attributes(values: dict[str, str | int]) -> list[dict[str, Any]]:
    """64-bit numbers are texts in this form."""
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]


def _nanoseconds(moment: datetime) -> str:
    return str((moment - EPOCH) // timedelta(microseconds=1) * 1000)
