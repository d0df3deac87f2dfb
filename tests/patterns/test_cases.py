"""What matches and what not: the cases in files, and what files cannot hold.

A case is a file in `cases/` named by its verdict: `<name>.match.json`, `<name>.no-match.json` or
`<name>.invalid.json`. It says why, and holds a pattern and an event or the reason of the refusal.
"""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cartwheel.local.patterns import InvalidPattern, Pattern

from .reference import reference
from .rules import Json, alone

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
OPERATORS = [
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
    "$or",
]


def verdict_of(path: Path) -> str:
    return path.name.split(".")[1]


def cases(verdict: str) -> list[Any]:
    found = [path for path in CASES if verdict_of(path) == verdict]
    return [pytest.param(json.loads(path.read_text(encoding="utf-8")), id=path.stem) for path in found]


# The cases ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("match"))
def test_matches(case: Json) -> None:
    assert Pattern.compile(case["pattern"]).matches(case["event"]), case["why"]
    assert alone(case["pattern"]).matching(case["event"]) == ["rule"], case["why"]


@pytest.mark.parametrize("case", cases("no-match"))
def test_does_not_match(case: Json) -> None:
    assert not Pattern.compile(case["pattern"]).matches(case["event"]), case["why"]
    assert alone(case["pattern"]).matching(case["event"]) == [], case["why"]


@pytest.mark.parametrize("case", cases("match") + cases("no-match"))
def test_text_says_the_same_as_the_object(case: Json) -> None:
    from_object = Pattern.compile(case["pattern"]).matches(case["event"])
    assert Pattern.compile(json.dumps(case["pattern"])).matches(case["event"]) == from_object


@pytest.mark.parametrize("case", cases("match") + cases("no-match"))
def test_the_reference_agrees(case: Json) -> None:
    pattern, event = case["pattern"], case["event"]
    assert reference(pattern, event) == Pattern.compile(pattern).matches(event)


@pytest.mark.parametrize("case", cases("invalid"))
def test_is_refused_with_a_reason(case: Json) -> None:
    with pytest.raises(InvalidPattern) as refusal:
        Pattern.compile(case["pattern"])
    message = str(refusal.value)
    assert case["reason"] in message, case["why"]
    # Where it is, what is wrong there, and what to write instead.
    assert re.fullmatch(r"\S+: .+; .+", message), message


def test_every_case_has_a_verdict() -> None:
    assert {verdict_of(path) for path in CASES} == {"match", "no-match", "invalid"}
    assert len(CASES) >= 120


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("verdict", ["match", "no-match", "invalid"])
def test_every_operator_has_cases_of_every_verdict(operator: str, verdict: str) -> None:
    found = [case for case in cases(verdict) if f'"{operator}"' in json.dumps(case.values[0]["pattern"])]
    assert len(found) >= 2


def test_a_key_that_is_not_text_is_refused() -> None:
    with pytest.raises(InvalidPattern, match="pattern: a number is not a key"):
        Pattern.compile({1: ["a"]})  # type: ignore[dict-item]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN")])
def test_a_number_json_has_not_is_refused(number: object) -> None:
    with pytest.raises(InvalidPattern, match=r"total\[0\]: (nan|inf) is not a JSON number"):
        Pattern.compile({"total": [number]})


def test_an_endless_number_is_refused() -> None:
    endless = 10**5000
    for leaf in (endless, [endless], [{"numeric": ["=", endless]}], [{"prefix": endless}]):
        with pytest.raises(InvalidPattern):
            Pattern.compile({"a": leaf})


def test_a_pattern_within_itself_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["a"] = endless
    with pytest.raises(InvalidPattern, match="nested too deep"):
        Pattern.compile(endless)


def test_two_thousand_and_forty_eight_characters_are_allowed() -> None:
    text = json.dumps({"source": ["x" * (2048 - len('{"source": [""]}'))]})
    assert len(text) == 2048
    assert Pattern.compile(text).matches({"source": "x" * 2032})
    with pytest.raises(InvalidPattern, match="longer than 2048"):
        Pattern.compile(text + " ")


def test_a_hundred_levels_are_allowed() -> None:
    pattern: Json = [1]
    event: Json = 1
    for _ in range(100):
        pattern, event = {"a": pattern}, {"a": event}
    assert Pattern.compile(pattern).matches(event)


def test_an_event_may_be_nested_deeper_than_the_stack() -> None:
    event: Json = [5]
    for _ in range(5000):
        event = [event]
    assert Pattern.compile({"a": [5]}).matches({"a": event})
    assert Pattern.compile({"a": {"b": [5]}}).matches({"a": [[{"b": [[event]]}]]})
    assert not Pattern.compile({"a": {"b": [6]}}).matches({"a": [[{"b": [[event]]}]]})


def test_decimals_are_numbers() -> None:
    pattern = Pattern.compile({"a": [300, 0.1], "b": [{"numeric": ["=", 19.99]}]})
    assert pattern.matches({"a": Decimal("3.0E+2"), "b": Decimal("19.99")})
    assert pattern.matches({"a": Decimal("0.10"), "b": Decimal("19.990")})
    assert not pattern.matches({"a": Decimal("0.11"), "b": Decimal("19.99")})
    assert Pattern.compile({"a": [Decimal("2.50")]}).matches({"a": 2.5})


NOT_JSON = [Decimal("NaN"), Decimal("sNaN"), float("nan"), Decimal("1E+999999999"), object()]


@pytest.mark.parametrize("value", NOT_JSON)
def test_a_value_json_has_not_is_only_there(value: object) -> None:
    assert not Pattern.compile({"a": ["x", 1, None, True, {"numeric": ["<", 5]}]}).matches({"a": value})
    assert Pattern.compile({"a": [{"exists": True}]}).matches({"a": value})
    rules = alone({"a": [1, {"numeric": ["<", 5]}]})
    assert rules.matching({"a": value}) == []
