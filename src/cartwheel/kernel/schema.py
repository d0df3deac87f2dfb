"""The base of every typed record: snake_case in Python, camelCase on the wire and in the tables."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class Record(BaseModel):
    """A stored or published record. Unknown attributes are ignored on read, so that newer writers do no harm."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        defer_build=True,  # at its first use: most functions use few of the records that they import
        hide_input_in_errors=True,  # a validation error ends in logs and dead letters; the data must not
    )


class Request(Record):
    """A request body: unknown fields are refused, so that a misspelt one is not silently dropped."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)


def build_all() -> None:
    """Build every record that is imported by now, for a process that others are forked from."""
    waiting = [Record]
    while waiting:
        record = waiting.pop()
        record.model_rebuild()
        waiting += record.__subclasses__()


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

# What browsers take as an e-mail address (WHATWG HTML): no space, control character or second @ gets through.
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


def _an_address(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("not an e-mail address, such as name@example.com")
    return text


Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_an_address)]
