"""Whatever the pattern and the event, fast and slow matcher agree."""

import json
from decimal import Decimal
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartwheel.local.patterns import Pattern, RuleSet

from .reference import reference, text_accepts
from .rules import Json, in_turn
from .worlds import EVENTS, LEAVES, OBJECTS, SCALARS, WILDCARDS

quick = settings(database=None, deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


@given(pattern=OBJECTS, event=EVENTS)
@quick
def test_a_pattern_agrees_with_the_reference(pattern: Json, event: Json) -> None:
    assert Pattern.compile(pattern).matches(event) == reference(pattern, event)


LETTERS = st.sampled_from(["a", "b", "c"])
ROWS = st.lists(st.dictionaries(LETTERS, SCALARS | st.lists(SCALARS, max_size=2)), max_size=12)
FIELDS = st.dictionaries(LETTERS, LEAVES, min_size=1)


@given(fields=FIELDS, lines=ROWS, notes=ROWS, other=LEAVES)
@quick
def test_arrays_agree_with_the_reference(fields: Json, lines: Json, notes: Json, other: Json) -> None:
    pattern = {"lines": fields, "notes": {"c": other, "a": [{"exists": False}]}}
    event = {"lines": [*lines, {"inner": lines}, [notes]], "notes": notes}
    for each in (pattern, {"lines": fields}, {"lines": {**fields, "inner": fields}}):
        assert Pattern.compile(each).matches(event) == reference(each, event)


@given(patterns=st.lists(OBJECTS, min_size=1, max_size=25), events=st.lists(EVENTS, min_size=1, max_size=4))
@quick
def test_a_rule_set_finds_what_testing_each_rule_finds(patterns: list[Json], events: list[Json]) -> None:
    rules = RuleSet()
    for number, pattern in enumerate(patterns):
        rules.add(str(number), pattern)
    compiled = [(str(number), Pattern.compile(pattern)) for number, pattern in enumerate(patterns)]
    for event in events:
        assert rules.matching(event) == in_turn(compiled, event)


LIKELY = [{"a": [{"exists": True}]}, {"a": [{"exists": False}]}, {"b": [{"anything-but": "b"}]}]
CHANGES = st.none() | OBJECTS | st.sampled_from([*LIKELY, "match"])


@given(changes=st.lists(st.tuples(st.integers(0, 14), CHANGES), max_size=60), event=EVENTS)
@quick
def test_changes_between_matches_are_seen(changes: list[tuple[int, Json]], event: Json) -> None:
    rules, kept = RuleSet(), dict[str, Json]()
    for number, change in [*changes, (0, "match")]:
        name = str(number)
        if change == "match":
            matching = [name for name, each in kept.items() if Pattern.compile(each).matches(event)]
            assert rules.matching(event) == matching
        elif change is not None:
            rules.add(name, change)
            kept[name] = change
        elif name in kept:
            rules.remove(name)
            del kept[name]


@given(number=st.integers(-5_000_000, 5_000_000), scale=st.integers(0, 4))
@quick
def test_a_number_is_the_same_in_every_notation(number: int, scale: int) -> None:
    plain = Decimal(number).scaleb(-scale)
    texts = [f"{plain:f}", f"{plain:e}", f"{plain:E}", f"{number}e-{scale}", f"{number}.0e-{scale}"]
    for written, read in product(texts, texts):
        event = json.loads(f'{{"n": {read}}}')
        for entry in (written, f'{{"numeric": ["=", {written}]}}', f'{{"numeric": [">=", {written}]}}'):
            assert Pattern.compile(f'{{"n": [{entry}]}}').matches(event)
        for entry in (f'{{"anything-but": {written}}}', f'{{"numeric": ["<", {written}]}}', f'"{written}"'):
            assert not Pattern.compile(f'{{"n": [{entry}]}}').matches(event)


@given(wildcard=WILDCARDS, value=st.text(alphabet="abA*\\é\n", max_size=12))
@quick
def test_a_wildcard_agrees_with_a_regular_expression(wildcard: str, value: str) -> None:
    expected = text_accepts("wildcard", wildcard, value)
    assert Pattern.compile({"a": [{"wildcard": wildcard}]}).matches({"a": value}) == expected
