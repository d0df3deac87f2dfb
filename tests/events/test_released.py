"""The released schemas in docs/schemas are what is published, and nobody breaks them without hearing of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.app import APP
from cartwheel.kernel.contract import Broken, file_of, schema_of, update
from cartwheel.kernel.events import Cause, Envelope, Event
from cartwheel.kernel.schema import build_all
from tests.kernel.weighings import Weighed
from tests.project.checkout import ROOT

HERE = Path(__file__).parent
SCHEMAS = ROOT / "docs/schemas"
EVENTS = [event for part in APP.slices for event in part.emits]
every_event = pytest.mark.parametrize("event_type", EVENTS, ids=[event.detail_type() for event in EVENTS])


def strict(schema: Any) -> Any:
    """The schema, with no field allowed that it does not have."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "properties" in schema else {}
    return {key: strict(value) for key, value in schema.items()} | closed


def generate(docs: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`make docs`, in a copy."""
    command = [sys.executable, str(docs / "generate.py"), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


# What is published ----------------------------------------------------------------------------------


@every_event
def test_lesson_event_contract_drifts_from_the_code(event_type: type[Event]) -> None:
    """The file says what the code says; where it may not, the test says what would break."""
    released = (SCHEMAS / file_of(event_type)).read_text()
    assert update(event_type, released) == released, "stale: make docs"


@every_event
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_what_leaves_keeps_the_contract(event_type: type[Event], data: st.DataObject) -> None:
    """Valid, without a field that the schema does not have, and to be read again as it was."""
    build_all()  # the fields of records within events are known once they are built
    event = data.draw(st.builds(event_type))
    detail = json.loads(json.dumps(Envelope.of(event, Cause("1", "1")).detail))
    validator = jsonschema_rs.validator_for(strict(json.loads((SCHEMAS / file_of(event_type)).read_text())))
    assert [error.message for error in validator.iter_errors(detail["data"])] == []
    assert event_type.read(detail) == event


# The files ------------------------------------------------------------------------------------------


def change(released: dict[str, Any]) -> None:
    """As if the last release had had a field that is gone."""
    released["properties"]["colour"] = {"type": "string"}


def describe(released: dict[str, Any]) -> None:
    """As if only the words had been others."""
    released["description"] = "Something else."


FILE = "schemas/ordering/OrderPlaced.v1.json"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "docs"


def alter(path: Path, how: Callable[[dict[str, Any]], None]) -> str:
    released = json.loads(path.read_text())
    how(released)
    path.write_text(json.dumps(released))
    return path.read_text()


def test_a_breaking_change_is_refused_and_nothing_is_written(docs: Path) -> None:
    before = alter(docs / FILE, change)
    (docs / "events.md").write_text("<!-- generated: events -->\n<!-- end -->\n")
    done = generate(docs)
    assert done.returncode == 1
    assert "ordering/OrderPlaced.v1.json is released, and this would break" in done.stderr
    assert "\n  data.colour is gone\n" in done.stderr
    assert "upcaster" in done.stderr
    assert (docs / FILE).read_text() == before
    assert len((docs / "events.md").read_text().splitlines()) == 2


def test_a_compatible_change_is_written_and_until_then_stale(docs: Path) -> None:
    stale = alter(docs / FILE, describe)
    checked = generate(docs, "--check")
    assert (checked.returncode, checked.stdout) == (1, f"{FILE} is stale: make docs\n")
    assert (docs / FILE).read_text() == stale
    assert generate(docs).stdout == f"{FILE} written\n"
    assert (docs / FILE).read_text() == (ROOT / "docs" / FILE).read_text()


def test_a_new_event_is_written(docs: Path) -> None:
    (docs / FILE).unlink()
    assert generate(docs, "--check").returncode == 1
    assert generate(docs).returncode == 0
    assert (docs / FILE).read_text() == (ROOT / "docs" / FILE).read_text()


@pytest.mark.parametrize("name", ["ordering/OrderPlaced.v2.json", "ordering/OrderLost.v1.json", "old/X.v1.json"])
def test_a_version_or_an_event_that_the_code_no_longer_has_is_refused(docs: Path, name: str) -> None:
    (docs / "schemas" / name).parent.mkdir(exist_ok=True)
    (docs / "schemas" / name).write_text("{}")
    done = generate(docs)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: released, but the code has no such version of the event. Bring it back")


def test_the_remedy_is_where_the_error_says() -> None:
    with pytest.raises(Broken, match=r"CONTRIBUTING\.md says how, under `Events`"):
        update(Weighed, json.dumps(schema_of(Weighed) | {"x-subject": "weight"}))
    assert re.search(r"^## Events$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)


# Older versions -------------------------------------------------------------------------------------


def unread(event_type: type[Event], schemas: Path, examples: Path) -> list[str]:
    """What is wrong with the older versions: each has its schema, and an example that fits it and is still read."""
    found = []
    for version in range(1, event_type.version):
        name = file_of(event_type, version)
        if not (schemas / name).exists() or not (examples / name).exists():
            found.append(f"{name} is wanted in {schemas} and in {examples}")
            continue
        example = json.loads((examples / name).read_text())
        schema = json.loads((schemas / name).read_text())
        found += [f"{name}: {error.message}" for error in jsonschema_rs.validator_for(schema).iter_errors(example)]
        event_type.read({"metadata": {"version": version}, "data": example})
    return found


@every_event
def test_every_older_version_is_read(event_type: type[Event]) -> None:
    assert unread(event_type, SCHEMAS, HERE / "examples") == []


def test_an_event_with_a_past_has_all_its_versions() -> None:
    sample = HERE / "sample"
    assert unread(Weighed, sample / "schemas", sample / "examples") == []


def test_older_versions_that_are_not_read_are_noticed(tmp_path: Path) -> None:
    sample = shutil.copytree(HERE / "sample", tmp_path / "sample")
    (sample / "examples/test/Weighed.v1.json").unlink()
    (sample / "examples/test/Weighed.v2.json").write_text('{"box": "a", "weight": "heavy"}')
    with pytest.raises(ValueError, match="test Weighed version 2"):
        unread(Weighed, sample / "schemas", sample / "examples")
    (sample / "examples/test/Weighed.v2.json").write_text('{"box": "a", "weight": 4, "note": 5}')
    alter(sample / "schemas/test/Weighed.v2.json", lambda schema: schema["required"].append("lid"))
    missing, wrong = unread(Weighed, sample / "schemas", sample / "examples")
    assert missing.startswith("test/Weighed.v1.json is wanted in ")
    assert wrong == 'test/Weighed.v2.json: "lid" is a required property'
