"""The API's contract: one OpenAPI 3.1 document from the routes of all slices; gateways and clients are made from it."""

import importlib
import json
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from .errors import PROBLEM_JSON, ProblemDocument
from .router import FUNCTION, SCHEME, SIGNED
from .topology import App

MUTATING: Final = frozenset({"post", "put", "delete", "patch"})

_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeat a request with its key, and it has one effect and one answer. A UUID is a good key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def document(app: App, require_token: bool = False) -> dict[str, Any]:
    """Every route with its function (`x-cartwheel-function`) and its role (`security`).

    With `require_token` no route is open, but those whose callers sign.
    """
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Cartwheel", "version": "1", "description": "The shop's HTTP API."},
        "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    for part in app.slices:
        if part.api:
            _add(merged, part.name, part.api.name, part.api.handler)
    merged["components"]["schemas"].update(_problem_schemas())
    if require_token:
        _close(merged)
    return merged


def _close(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            if not (operation.get("security") or operation.get(SIGNED)):
                operation["security"] = [{SCHEME: ["customer"]}]


def _add(merged: dict[str, Any], tag: str, function_name: str, handler: str) -> None:
    resolver = importlib.import_module(handler.partition(":")[0]).app
    described = json.loads(
        resolver.get_openapi_json_schema(
            title="Cartwheel", openapi_version="3.1.0", security_schemes={SCHEME: HTTPBearer(bearerFormat="JWT")}
        )
    )
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            operation |= {"tags": [tag], FUNCTION: function_name}
            _complete(method, operation)
            merged["paths"].setdefault(path, {})[method] = operation
    for name, schema in described.get("components", {}).get("schemas", {}).items():
        if merged["components"]["schemas"].setdefault(name, schema) != schema:
            raise ValueError(f"two slices answer with different models named {name}; rename the one of {tag}")


def _complete(method: str, operation: dict[str, Any]) -> None:
    """What holds for every route alike: its possible problems, and the key of a command."""
    operation["responses"].pop("422", None)
    operation["responses"].get("204", {}).pop("content", None)  # it has none, whatever the handler's type says
    operation["responses"]["default"] = {
        "description": "A problem (RFC 9457)",
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }
    if method in MUTATING:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)


def _problem_schemas() -> dict[str, Any]:
    schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemDocument": schema}
