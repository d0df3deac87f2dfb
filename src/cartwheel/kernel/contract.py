"""The contract of a published event: a JSON schema of its data, made from the code, and what a change of it breaks.

Two readers must not be wronged, and the check is for both:

- New code reads old events. They wait in queues for 4 days, as dead letters for 14, and are stored for longer. So all
  that the released schema lets through must fit the present one, and mean the same: nothing new may be required, no
  type, choice or bound be narrower, and what is left out must stand for what it stood for.
- Old code reads new events: consumers while a deployment is under way, and readers who are not ours, for good. What an
  old reader accepts must mean to it what it says; so no field may go, or begin to be missing. New optional fields it
  ignores. A value from a range that has been widened it refuses aloud, and the message comes again when the deployment
  is done; a new version of the event would only make it refuse them all.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from .events import Event

Schema = dict[str, Any]
Pairs = frozenset[tuple[int, int]]

NOTES: Final = {"title", "description", "examples", "deprecated", "default"}  # say nothing of what a value may be
LEAST: Final = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
MOST: Final = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
NESTED: Final = {"items": "[]", "additionalProperties": "{}"}
COMPARED: Final = NOTES | LEAST | MOST | NESTED.keys() | {"type", "enum", "const", "properties", "required"}
REMEDY: Final = (
    "Undo the change, or make it a new version of the event: give it an upcaster in events.py that makes the new form "
    "from the old one, then run `make docs`. CONTRIBUTING.md says how, under `Events`."
)


class Broken(ValueError):
    """A contract that was released and is not kept. Says what broke, and the remedy."""


class _Plain(GenerateJsonSchema):
    """Without a title for each field that only repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(event_type: type[Event]) -> Schema:
    """The JSON schema of the event's data, with where it comes from and what it is about beside it."""
    schema = event_type.model_json_schema(schema_generator=_Plain)
    ours = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": event_type.detail_type(),
        "description": schema.pop("description", ""),
        "x-source": event_type.source,
        "x-detail-type": event_type.detail_type(),
        "x-version": event_type.version,
        "x-subject": event_type.model_fields[event_type.subject_field].alias,
    }
    definitions = schema.pop("$defs", {})
    return ours | schema | ({"$defs": definitions} if definitions else {})


def file_of(event_type: type[Event], version: int | None = None) -> str:
    """Where the schema of a version (else the present one) is kept, such as `ordering/OrderPlaced.v1.json`."""
    folder = event_type.source.removeprefix("cartwheel.")
    return f"{folder}/{event_type.detail_type()}.v{version or event_type.version}.json"


def update(event_type: type[Event], released: str | None) -> str:
    """The text of the schema's file as it ought to be, given what was released. Raises Broken."""
    present = schema_of(event_type)
    if released is not None and (found := breaks(json.loads(released), present)):
        broken = [f"{file_of(event_type)} is released, and this would break who relies on it:", *found]
        raise Broken("\n  ".join(broken) + f"\n{REMEDY}")
    return json.dumps(present, indent=2, ensure_ascii=False) + "\n"


def breaks(released: Schema, present: Schema) -> list[str]:
    """What a reader or a stored event stumbles over when the released schema becomes the present one."""
    found = [
        f"{key.removeprefix('x-')} was {released.get(key)!r}, is {present.get(key)!r}"
        for key in ("x-source", "x-detail-type", "x-version", "x-subject")
        if released.get(key) != present.get(key)
    ]
    return found + list(_Comparison(released, present).schemas("data", released, present))


@dataclass(frozen=True)
class _Comparison:
    """Walks two documents at once. `within` are the pairs of schemas it is in, as records may hold themselves."""

    released: Schema
    present: Schema

    def schemas(self, at: str, old: Schema, new: Schema, within: Pairs = frozenset()) -> Iterator[str]:
        """Each alternative of the old one must be one of the new one's; of those it is not, the nearest tells why."""
        olds, news = _alternatives(old, self.released), _alternatives(new, self.present)
        for kind in olds:
            if not any(other.keys() <= NOTES for other in news):
                yield from min((list(self._kinds(at, kind, other, within)) for other in news), key=len)

    def _kinds(self, at: str, old: Schema, new: Schema, within: Pairs) -> Iterator[str]:
        if (pair := (id(old), id(new))) in within:
            return  # a record within itself: whether it is met is being found out
        within |= {pair}
        types = old.get("type", "anything"), new.get("type", "anything")
        if types[0] != types[1] and types not in (("integer", "number"), (types[0], "anything")):
            yield f"{at} was {types[0]}, is {types[1]}"
            return
        yield from _choices(at, old, new)
        yield from _bounds(at, old, new)
        yield from self._others(at, old, new)
        yield from self._fields(at, old, new, within)
        for key, mark in NESTED.items():
            yield from self.schemas(at + mark, _nested(old, key), _nested(new, key), within)

    def _others(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        """Rules that cannot be told wider from narrower, such as a pattern: the same, or gone."""
        for key in sorted(new.keys() - COMPARED):
            refers = "$ref" in json.dumps(new[key]) and self.released.get("$defs") != self.present.get("$defs")
            if not key.startswith(("x-", "$")) and (refers or old.get(key) != new[key]):
                yield f"{at} has another {key}: was {old.get(key)!r}, is {new[key]!r}"

    def _fields(self, at: str, old: Schema, new: Schema, within: Pairs) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        for name, field in before.items():
            where = f"{at}.{name}"
            if name not in after:
                yield f"{where} is gone"
                continue
            if (name in was) != (name in now):
                yield f"{where} was {_optionality(name, was)}, is {_optionality(name, now)}"
            elif name not in was and field.get("default") != after[name].get("default"):
                yield f"{where} left out meant {field.get('default')!r}, means {after[name].get('default')!r}"
            yield from self.schemas(where, field, after[name], within)
        yield from (f"{at}.{name} is new and required" for name in after if name not in before and name in now)


def _alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """What the schema allows, each without references and alternatives of its own."""
    if "$ref" in schema:
        named = root["$defs"][schema["$ref"].rpartition("/")[2]]
        return _alternatives(named, root)
    several = schema.get("anyOf") or schema.get("oneOf") or []
    return [each for one in several for each in _alternatives(one, root)] or [schema]


def _nested(schema: Schema, key: str) -> Schema:
    """The schema under the key, where nothing and True allow everything."""
    nested = schema.get(key, True)
    return nested if isinstance(nested, dict) else {} if nested else {"not": {}}


def _choices(at: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = (each.get("enum", [each["const"]] if "const" in each else None) for each in (old, new))
    if after is not None and before is None:
        yield f"{at} could be anything of its type, now only one of {after!r}"
    elif after is not None and before is not None:
        yield from (f"{at} may no longer be {choice!r}" for choice in before if choice not in after)


def _bounds(at: str, old: Schema, new: Schema) -> Iterator[str]:
    for key in sorted((LEAST | MOST) & new.keys()):
        narrower = key not in old or (new[key] > old[key] if key in LEAST else new[key] < old[key])
        if narrower:
            yield f"{at} has a narrower {key}: was {old.get(key)!r}, is {new[key]!r}"


def _optionality(name: str, required: set[str]) -> str:
    return "required" if name in required else "optional"
