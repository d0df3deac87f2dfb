"""The published language as it was last agreed on, in `published.json`: what other shops' code may rely on.

python -m tests.kernel.published     writes it anew, after a change that breaks nobody
"""

import json
from pathlib import Path
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.kernel.events import Event

FILE: Final = Path(__file__).with_name("published.json")
Schema = dict[str, Any]


def name(event_type: type[Event]) -> str:
    return f"{event_type.source} {event_type.detail_type()} {event_type.version}"


def current() -> dict[str, Schema]:
    """The schema of every event's data, by source, type and version."""
    events = [event_type for part in APP.slices for event_type in part.emits]
    return {name(event_type): event_type.model_json_schema(mode="serialization") for event_type in events}


def agreed() -> dict[str, Schema]:
    schemas: dict[str, Schema] = json.loads(FILE.read_text())
    return schemas


def breaks(old: Schema, new: Schema, path: str = "data") -> list[str]:
    """What a reader of the old schema would stumble over in data of the new one.

    New fields are no trouble: readers ignore what they do not know. That is the only change that is none.
    """
    old, new = _resolved(old, old), _resolved(new, new)
    found = [
        f"{path}: {key} was {old.get(key)!r}, is {new.get(key)!r}"
        for key in (old.keys() | new.keys()) - _HANDLED
        if old.get(key) != new.get(key)
    ]
    found += [
        f"{path}.{field} may be missing now" for field in set(old.get("required", [])) - set(new.get("required", []))
    ]
    for field, schema in old.get("properties", {}).items():
        if field not in new.get("properties", {}):
            found.append(f"{path}.{field} is gone")
        else:
            found += breaks(schema | _definitions(old), new["properties"][field] | _definitions(new), f"{path}.{field}")
    if "items" in old and "items" in new:
        found += breaks(old["items"] | _definitions(old), new["items"] | _definitions(new), f"{path}[]")
    return found


_HANDLED: Final = {"$defs", "title", "description", "default", "required", "properties", "items"}


def _definitions(schema: Schema) -> Schema:
    return {"$defs": schema.get("$defs", {})}


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    return schema | root["$defs"][reference.removeprefix("#/$defs/")] | {"$ref": None} if reference else schema


if __name__ == "__main__":
    FILE.write_text(json.dumps(current(), indent=1, sort_keys=True) + "\n")
