"""The stacks as a whole: what there is of them, and that copies of the shop can live side by side."""

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .synthesis import ROOT, synthesize

if TYPE_CHECKING:
    from aws_cdk.assertions import Template


def test_every_stage_has_the_same_parts(templates: "dict[str, Template]", production: "dict[str, Template]") -> None:
    assert list(templates) == ["data", "identity", "shop", "archive"]
    assert list(production) == [*templates, "monitoring"]  # the one that is paid while nothing happens


def test_the_same_stage_makes_the_same_templates(templates: "dict[str, Template]") -> None:
    again = synthesize(stage="dev-test")
    assert {part: t.to_json() for part, t in again.items()} == {part: t.to_json() for part, t in templates.items()}


def test_a_setting_reaches_every_function() -> None:
    shop = synthesize(stage="dev", CARTWHEEL_CURRENCY="USD", memory="1024", python="3.11", architecture="x86_64")[
        "shop"
    ]
    functions = [f["Properties"] for f in shop.find_resources("AWS::Lambda::Function").values()]
    of_the_map = [f for f in functions if "CARTWHEEL_TABLE" in f["Environment"]["Variables"]]
    assert len(of_the_map) == len(functions) - 1  # the pages have no table
    assert {f["Environment"]["Variables"]["CARTWHEEL_CURRENCY"] for f in of_the_map} == {"USD"}
    assert {(f["MemorySize"], f["Runtime"], *f["Architectures"]) for f in functions} == {(1024, "python3.11", "x86_64")}


@pytest.mark.parametrize(("context", "line"), [({"stage": "prod"}, "cartwheel: stage='prod' is not a stage: use ")])
def test_a_wrong_word_is_one_clear_line(context: dict[str, str], line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra"],
        cwd=ROOT,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
