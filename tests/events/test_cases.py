"""What breaks a contract and what does not: the cases in files.

A case is a file in `cases/` named by its verdict, `breaking-<name>.json` or `compatible-<name>.json`. It holds the
schema that was released, the present one, and for a breaking change what the check has to say; `why` if that is not
plain.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel.contract import breaks

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def cases(verdict: str) -> list[Any]:
    found = [path for path in CASES if path.name.startswith(f"{verdict}-")]
    return [pytest.param(json.loads(path.read_text()), id=path.stem) for path in found]


@pytest.mark.parametrize("case", cases("breaking"))
def test_breaks(case: dict[str, Any]) -> None:
    assert breaks(case["released"], case["present"]) == case["problems"], case.get("why")


@pytest.mark.parametrize("case", cases("compatible"))
def test_is_compatible(case: dict[str, Any]) -> None:
    assert breaks(case["released"], case["present"]) == [], case.get("why")


@pytest.mark.parametrize("case", cases("breaking") + cases("compatible"))
def test_nothing_breaks_without_a_change(case: dict[str, Any]) -> None:
    assert [breaks(schema, schema) for schema in (case["released"], case["present"])] == [[], []]


def test_every_case_has_a_verdict() -> None:
    assert len(cases("breaking")) >= 25
    assert len(cases("breaking")) + len(cases("compatible")) == len(CASES)
