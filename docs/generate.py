"""Writes the schemas of the events and the generated parts of the other documents: `make docs`.

A generated part is what stands between `<!-- generated: name -->` and `<!-- end -->`; the rest is written by hand. What
the fields of events mean is in fields.toml, because the same names mean the same everywhere. A released schema in
schemas/ is only ever replaced by one that breaks nobody; if there is none, nothing at all is written. With --check
nothing is written either, and the exit code says whether something would have been.
"""

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import costs
import monitored
import released

from cartwheel.app import APP
from cartwheel.kernel import contract
from cartwheel.kernel.errors import Problem
from cartwheel.kernel.events import Event
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.openapi import document
from cartwheel.kernel.router import SCHEME

HERE: Final = Path(__file__).parent
MEANINGS: Final[dict[str, Any]] = tomllib.loads((HERE / "fields.toml").read_text())
PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
DOCUMENTS: Final = ("events.md", "api.md", "aws.md", "monitoring.md")
METHODS: Final = ("get", "post", "put", "delete")
BODY: Final = "application/json"

Schema = dict[str, Any]


def events() -> Iterator[str]:
    """An overview, then each event with its fields, then the records within them."""
    yield "| event | tells | goes to |\n|---|---|---|"
    emitted = [(_readme(part.name), event) for part in APP.slices for event in part.emits]
    emitted += [("the runner of every slice", event) for event in APP.common]
    for _, event in emitted:
        name = event.detail_type()
        yield f"| [`{name}`](#{name.lower()}) | {_told(event)} | {_consumers(event)} |"
    records: dict[str, Schema] = {}
    for emitter, event in emitted:
        schema = event.model_json_schema(by_alias=True)
        records |= schema.get("$defs", {})
        yield from _event(emitter, event, schema)
    yield "\n## Records within events"
    for name, record in sorted(records.items()):
        yield f"\n### {name}\n\n{_line(record['description'])}\n"
        yield from _fields(name, record)


def _readme(slice_name: str) -> str:
    return f"[{slice_name}](../src/cartwheel/{slice_name}/README.md)"


def _event(emitter: str, event: type[Event], schema: Schema) -> Iterator[str]:
    yield f"\n## {event.detail_type()}\n\n{_told(event)}\n"
    subject = event.model_fields[event.subject_field].alias
    versions = ", ".join(
        f"[{version}](schemas/{contract.file_of(event, version)})" for version in range(event.version, 0, -1)
    )
    yield f"- source `{event.source}`, version {versions}, subject `{subject}`"
    yield f"- emitted by {emitter}, goes to {_consumers(event)}\n"
    yield from _fields(event.detail_type(), schema, _needs(event))


def _fields(owner: str, schema: Schema, needs: dict[str, list[str]] | None = None) -> Iterator[str]:
    """`needs`, for an event, says who reads each field."""
    yield "| field | type | meaning |" + (" read by |" if needs else "")
    yield "|---|---|---|" + ("---|" if needs else "")
    for name, field in schema["properties"].items():
        optional = "" if name in schema.get("required", ()) else ", optional"
        readers = f" {', '.join(needs.get(name, ['—']))} |" if needs else ""
        yield f"| `{name}` | {_type(field)}{optional} | {_meaning(owner, name)} |{readers}"


def _needs(event: type[Event]) -> dict[str, list[str]]:
    """The consumers that read a field, by the field's name as it is published."""
    readers: dict[str, list[str]] = {}
    for consumer in APP.consumers:
        module, _, attribute = consumer.function.handler.partition(":")
        inbox: Inbox = getattr(importlib.import_module(module), attribute).inbox
        for need in (need for each in inbox.reactions if each.event_type is event for need in each.needs):
            readers.setdefault(event.model_fields[need].alias or need, []).append(f"`{consumer.name}`")
    return readers


def _meaning(owner: str, name: str) -> str:
    """Raises SystemExit for a field that nobody has explained."""
    meaning = MEANINGS.get(owner, {}).get(name) or MEANINGS.get(name)
    if not isinstance(meaning, str):
        sys.exit(f"docs/fields.toml does not say what `{name}` of {owner} means")
    return meaning


def _type(field: Schema) -> str:
    kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
    (kind,) = kinds
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if kind["type"] == "array":
        return f"list of {_type(kind['items'])}"
    if kind["type"] == "object":
        return f"{_type(kind['additionalProperties'])} by name"
    return {"string": "text"}.get(kind["type"], str(kind["type"]))


def _told(event: type[Event]) -> str:
    return _line(event.__doc__ or "")


def _line(text: str) -> str:
    return " ".join(text.split())


def _consumers(event: type[Event]) -> str:
    """The queues whose rules name the event."""
    names = [
        f"`{consumer.name}`"
        for consumer in APP.consumers
        for pattern in consumer.subscriptions
        if event.source in pattern.get("source", ()) and event.detail_type() in pattern["detail-type"]
    ]
    return ", ".join(names) or "nobody but the ledger"


def routes() -> Iterator[str]:
    """A table for each slice."""
    described = document(APP)
    for part in APP.slices:
        yield f"\n### {part.name}\n"
        yield "| route | who | answers | what it does | takes |\n|---|---|---|---|---|"
        for path, operations in sorted(described["paths"].items()):
            for method in filter(operations.get, METHODS):
                operation = operations[method]
                if operation["tags"] == [part.name]:
                    yield f"| `{method.upper()} {path}` | {_route(operation, described['components']['schemas'])} |"


def _route(operation: Schema, schemas: Schema) -> str:
    role = next((role for each in operation.get("security", []) for role in each[SCHEME]), "open")
    status = next(status for status in operation["responses"] if status != "default")
    return " | ".join([role, status, operation["summary"], ", ".join(_takes(operation, schemas))])


def _takes(operation: Schema, schemas: Schema) -> Iterator[str]:
    """Query parameters, headers of its own, and the fields of the body; `?` marks what may be left out."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            yield f"`?{parameter['name']}=`"
        elif parameter["in"] == "header" and parameter["name"] != "Idempotency-Key":
            yield f"header `{parameter['name']}`"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from _body(content["schema"], schemas) if kind == BODY else [f"a body of `{kind}`"]


def _body(schema: Schema, schemas: Schema) -> Iterator[str]:
    (reference,) = [kind["$ref"] for kind in schema.get("anyOf", [schema]) if "$ref" in kind]
    body = schemas[reference.rpartition("/")[2]]
    yield from (f"`{name}`{'' if name in body.get('required', ()) else '?'}" for name in body["properties"])


def problems() -> Iterator[str]:
    yield "| type | status | title |\n|---|---|---|"
    for problem in sorted(_kinds(Problem), key=lambda each: (each.status, each.kind)):
        yield f"| `{problem.kind}` | {problem.status} | {problem.title} |"


def _kinds(problem: type[Problem]) -> Iterator[type[Problem]]:
    yield problem
    for kind in problem.__subclasses__():
        yield from _kinds(kind)


PARTS: Final = {
    "events": events,
    "routes": routes,
    "problems": problems,
    "idle": costs.idle,
    "orders": costs.orders,
    "reconciliation": costs.reconciliation,
    "watching": costs.watching,
    "metrics": monitored.metrics,
    "alarms": monitored.alarms,
}


def written(text: str) -> str:
    """The document with its generated parts made anew."""
    return PART.sub(lambda part: part[1] + "\n".join(PARTS[part[2]]()) + "\n" + part[3], text)


def main() -> int:
    try:
        made = dict(released.schemas(HERE / "schemas"))
    except contract.Broken as broken:
        sys.exit(str(broken))
    made |= {path: written(path.read_text()) for path in (HERE / name for name in DOCUMENTS)}
    stale = {path: text for path, text in made.items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        sys.stdout.write(f"{path.relative_to(HERE)} {'is stale: make docs' if '--check' in sys.argv else 'written'}\n")
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
