"""The parts of API Gateway's payload 2.0 that both hosts work out themselves, so that slices see one and the same."""

import base64
from urllib.parse import parse_qsl


def query_parameters(raw: str) -> dict[str, str]:
    """The decoded parameters of a query string; the values of a repeated one are joined by commas."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


def body_fields(content: bytes) -> dict[str, str | bool | None]:
    """`body` and `isBase64Encoded`: text travels as it is, anything else as base64."""
    try:
        return {"body": content.decode() or None, "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
