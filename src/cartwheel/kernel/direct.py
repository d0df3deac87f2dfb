"""Called by name: the function behind Lambda's own call. What it raises is the call's error, by type and text."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from . import telemetry
from .environment import Environment, environment
from .schema import Record

Asked = TypeVar("Asked", bound=Record)


class InvalidPayload(ValueError):
    """The payload is not what the function takes; the text names each field that is wrong, and not its value."""

    quotes = True  # a field that is not known is named as the caller named it


def handler(payload: type[Asked], work: Callable[[Environment, Asked], Record]) -> Callable[[Any, Any], dict[str, Any]]:
    """The function Lambda calls; `work` gets the payload, validated, and its answer is the call's."""

    def handle(event: Any, context: Any) -> dict[str, Any]:
        telemetry.begin(environment().function, context.aws_request_id)
        answer = work(environment(), _validated(payload, event))
        return answer.model_dump(mode="json", by_alias=True, exclude_none=True)

    return handle


def _validated(payload: type[Asked], event: Any) -> Asked:
    try:
        return payload.model_validate(event)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        faults = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'payload'}: {each['msg']}" for each in found)
        known = [each["loc"] for each in found if each["type"] != "extra_forbidden"]  # others may be called anything
        telemetry.warn("payload refused", fields=[".".join(map(str, loc)) for loc in known][:20])
        raise InvalidPayload(faults[:1000]) from None
