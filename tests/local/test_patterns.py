"""Event patterns: the cases in files, a slow reference to compare with, and what matching costs.

A case is a file in ``patterns/`` named by its verdict: ``<name>.match.json``, ``<name>.no-match.json``
or ``<name>.invalid.json``. It says why, and holds a pattern and an event or the reason of the refusal.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from ipaddress import ip_address, ip_network
from itertools import groupby, product
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartwheel.local.patterns import InvalidPattern, Pattern, RuleSet
from cartwheel.local.patterns.flat import Flat
from cartwheel.local.patterns.match import Conjunction

Json: TypeAlias = Any

CASES = sorted((Path(__file__).parent / "patterns").glob("*.json"))
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
quick = settings(database=None, deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


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


def alone(pattern: Json) -> RuleSet:
    rules = RuleSet()
    rules.add("rule", pattern)
    return rules


# What files cannot hold -----------------------------------------------------------------------------


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


# Sets of rules --------------------------------------------------------------------------------------


def test_names_come_in_the_order_rules_were_added() -> None:
    rules = RuleSet()
    for name in ["c", "a", "b"]:
        rules.add(name, {"source": ["shop"]})
    assert rules.matching({"source": "shop"}) == ["c", "a", "b"]


def test_a_name_added_again_takes_the_new_pattern_in_its_old_place() -> None:
    rules = RuleSet()
    rules.add("a", {"source": ["shop"]})
    rules.add("b", {"source": ["shop", "bank"]})
    assert rules.matching({"source": "bank"}) == ["b"]
    rules.add("a", {"source": ["bank"]})
    assert rules.matching({"source": "shop"}) == ["b"]
    assert rules.matching({"source": "bank"}) == ["a", "b"]


def test_a_removed_rule_matches_no_more() -> None:
    rules = RuleSet()
    rules.add("a", {"source": ["shop"]})
    rules.add("b", {"source": ["shop"]})
    assert rules.matching({"source": "shop"}) == ["a", "b"]
    rules.remove("a")
    assert rules.matching({"source": "shop"}) == ["b"]
    rules.add("a", {"source": ["shop"]})
    assert rules.matching({"source": "shop"}) == ["b", "a"]


def test_a_rule_may_go_before_it_was_ever_indexed() -> None:
    rules = alone({"source": ["shop"]})
    assert rules.matching({"source": "shop"}) == ["rule"]
    rules.add("new", {"source": ["shop"]})
    assert rules.matching({"source": "shop"}) == ["rule", "new"]
    rules.add("new", {"source": ["bank"]})
    assert rules.matching({"source": "shop"}) == ["rule"]
    rules.add("new", {"source": ["shop"]})
    rules.remove("new")
    assert rules.matching({"source": "shop"}) == ["rule"]


def test_removing_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(KeyError):
        RuleSet().remove("a")


def test_a_refused_pattern_leaves_the_rules_as_they_were() -> None:
    rules = RuleSet()
    rules.add("a", {"source": ["shop"]})
    with pytest.raises(InvalidPattern):
        rules.add("a", {"source": []})
    assert rules.matching({"source": "shop"}) == ["a"]


def test_a_rule_with_several_alternatives_is_named_once() -> None:
    rules = alone({"$or": [{"a": [1]}, {"b": [1]}, {"a": [{"exists": True}]}]})
    assert rules.matching({"a": 1, "b": 1}) == ["rule"]


def test_no_rules_match_nothing() -> None:
    assert RuleSet().matching({"source": "shop"}) == []


def test_rules_may_change_while_others_match() -> None:
    rules = RuleSet()
    rules.add("always", {"source": ["shop"]})
    failures: list[object] = []

    def change() -> None:
        for number in range(300):
            rules.add(f"r{number % 30}", {"n": [number]})
            if number % 3 == 0:
                rules.remove(f"r{number % 30}")

    def match() -> None:
        for number in range(300):
            names = rules.matching({"source": "shop", "n": number})
            if names[:1] != ["always"]:
                failures.append(names)

    threads = [Thread(target=change), Thread(target=match), Thread(target=match)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# A slow reference -----------------------------------------------------------------------------------

Membership: TypeAlias = dict[int, int]
Values: TypeAlias = list[tuple[str, Json, Membership]]


def reference(pattern: Json, event: Json) -> bool:
    """Every combination of values tried in turn, as EventBridge's open-source matcher describes it.

    Fields are taken in the order of their paths. Each picks a value whose place in arrays agrees with
    those picked before; a field that must be absent has no value that agrees with them.
    """
    values: Values = []
    collect(event, [], {}, values, iter(range(10**9)))
    ordered = [sorted(fields, key=lambda field: field[0]) for fields in expand(pattern, [])]
    return any(picks(fields, {}, values) for fields in ordered)


def collect(node: Json, keys: list[str], place: Membership, values: Values, numbers: Iterator[int]) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            collect(value, [*keys, key], place, values, numbers)
    elif isinstance(node, list):
        array = next(numbers)
        for index, value in enumerate(node):
            inner = {**place, array: index} if isinstance(value, dict | list) else place
            collect(value, keys, inner, values, numbers)
    else:
        values.append((".".join(keys), node, place))


def expand(node: Json, keys: list[str]) -> list[list[tuple[str, Json]]]:
    combined: list[list[tuple[str, Json]]] = [[]]
    for key, child in node.items():
        if key == "$or":
            ways = [way for branch in child for way in expand(branch, keys)]
        elif isinstance(child, dict):
            ways = expand(child, [*keys, key])
        else:
            ways = [[(".".join([*keys, key]), child)]]
        combined = [left + right for left, right in product(combined, ways)]
    return combined


def picks(fields: list[tuple[str, Json]], place: Membership, values: Values) -> bool:
    if not fields:
        return True
    (path, entries), *others = fields
    agreeing = [
        (value, {**place, **where})
        for at, value, where in values
        if at == path and all(place.get(array, index) == index for array, index in where.items())
    ]
    if not agreeing and {"exists": False} in entries:
        return picks(others, place, values)
    return any(accepted(entries, value) and picks(others, where, values) for value, where in agreeing)


def accepted(entries: Json, value: Json) -> bool:
    return any(entry_accepts(entry, value) for entry in entries)


def entry_accepts(entry: Json, value: Json) -> bool:
    if not isinstance(entry, dict):
        return same(entry, value)
    ((operator, operand),) = entry.items()
    if operator == "exists":
        return operand is True
    if operator == "anything-but":
        if isinstance(operand, dict):
            ((nested, inner),) = operand.items()
            return not any(entry_accepts({nested: one}, value) for one in listed(inner))
        return not any(same(one, value) for one in listed(operand))
    if operator == "numeric":
        return is_number(value) and abs(value) <= 5e9 and in_range(operand, value)
    return isinstance(value, str) and text_accepts(operator, operand, value)


def text_accepts(operator: str, operand: Json, value: str) -> bool:
    if isinstance(operand, dict):
        (inner,) = operand.values()
        return text_accepts(operator, lower(inner), lower(value))
    if operator == "cidr":
        try:
            return "%" not in value and ip_address(value) in ip_network(operand, strict=False)
        except ValueError:
            return False
    if operator == "wildcard":
        parts = re.findall(r"\\.|[^\\]", operand, re.DOTALL)
        regex = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
        return re.fullmatch(regex, value, re.DOTALL) is not None
    if operator == "equals-ignore-case":
        return lower(operand) == lower(value)
    return value.startswith(operand) if operator == "prefix" else value.endswith(operand)


def lower(text: str) -> str:
    folded = [character.upper().lower() for character in text]
    return "".join(one if len(one) == 1 else text[index] for index, one in enumerate(folded))


def listed(operand: Json) -> list[Json]:
    return operand if isinstance(operand, list) else [operand]


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(left: Json, right: Json) -> bool:
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def in_range(operand: Json, value: float) -> bool:
    compare: dict[str, Callable[[float], bool]] = {
        "=": lambda bound: value == bound,
        "<": lambda bound: value < bound,
        "<=": lambda bound: value <= bound,
        ">": lambda bound: value > bound,
        ">=": lambda bound: value >= bound,
    }
    return all(compare[sign](bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))


# Patterns and events of a small world, so that they meet often --------------------------------------

KEYS = st.sampled_from(["a", "b", "c", "a.b"])
WORDS = ["", "a", "A", "b", "ab", "aB", "ba", "aba", "é", "É", "a*"]
TEXTS = st.sampled_from([*WORDS, "10.0.0.1", "10.0.1.9", "::1"])
NUMBERS = st.sampled_from([0, 1, 1.0, 1.5, 2, -1, 3, 10, 6e9])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
BOUNDS = NUMBERS.filter(lambda number: number < 5e9)
WILDCARDS = st.lists(st.sampled_from(["a", "b", "A", "é", "\\*", "\\\\", "*", "*"]), max_size=5).map(
    lambda parts: "".join(part for part, _ in groupby(parts))
)
NESTED = st.one_of(
    st.tuples(st.just("wildcard"), WILDCARDS),
    st.tuples(st.just("equals-ignore-case"), TEXTS),
    st.tuples(st.sampled_from(["prefix", "suffix"]), TEXTS.filter(bool)),
)
EVENTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@st.composite
def ranges(draw: st.DrawFn) -> Json:
    low, high = sorted([draw(BOUNDS), draw(BOUNDS)])
    if low == high:
        return draw(st.sampled_from([["=", low], ["<", low], ["<=", low], [">", low], [">=", low]]))
    return [draw(st.sampled_from([">", ">="])), low, draw(st.sampled_from(["<", "<="])), high]


OPERATOR_ENTRIES = st.one_of(
    st.builds(lambda operand: {"numeric": operand}, ranges()),
    st.builds(lambda operand: {"exists": operand}, st.booleans()),
    st.builds(lambda operand: {"wildcard": operand}, WILDCARDS),
    st.builds(lambda operand: {"equals-ignore-case": operand}, TEXTS),
    st.builds(lambda name, operand: {name: operand}, st.sampled_from(["prefix", "suffix"]), TEXTS),
    st.builds(
        lambda name, operand: {name: {"equals-ignore-case": operand}},
        st.sampled_from(["prefix", "suffix"]),
        TEXTS,
    ),
    st.builds(
        lambda operand: {"cidr": operand},
        st.sampled_from(["10.0.0.0/24", "10.0.0.0/16", "0.0.0.0/0", "10.0.1.9/32", "::/0", "::1/128"]),
    ),
    st.builds(lambda operand: {"anything-but": operand}, st.lists(TEXTS, min_size=1, max_size=2) | TEXTS),
    st.builds(lambda operand: {"anything-but": operand}, st.lists(BOUNDS, min_size=1, max_size=2) | BOUNDS),
    st.builds(lambda nested: {"anything-but": dict([nested])}, NESTED),
)
LEAVES = st.lists(SCALARS | OPERATOR_ENTRIES, min_size=1, max_size=2)


def with_alternatives(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, min_size=2, max_size=2).map(lambda branches: {"$or": branches})


OBJECTS = st.recursive(
    st.dictionaries(KEYS, LEAVES, min_size=1, max_size=3),
    lambda inner: (
        st.dictionaries(KEYS, inner | LEAVES, min_size=1, max_size=2)
        | with_alternatives(inner)
        | st.builds(lambda plain, ors: {**plain, **ors}, inner, with_alternatives(inner))
    ),
    max_leaves=4,
)


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


# What matching costs --------------------------------------------------------------------------------


def placed(number: int) -> Json:
    lines = [{"sku": f"SKU-{number}-{line}", "quantity": line + 1, "price": 10.5} for line in range(3)]
    return {
        "id": "7f3c",
        "source": "shop.ordering",
        "detail-type": "OrderPlaced",
        "time": "2025-01-01T00:00:00Z",
        "resources": [],
        "detail": {
            "id": f"order-{number}",
            "total": number + 0.5,
            "currency": "EUR",
            "ip": f"10.{number // 256}.{number % 256}.7",
            "path": f"shop/{number}/cart.json",
            "group": f"group-{number % 300}",
            "row": f"row-{number % 32}",
            "column": f"column-{number // 32}",
            "lines": lines,
        },
    }


DETAILS: dict[str, Callable[[int], Json]] = {
    "exact": lambda n: {"id": [f"order-{n}"]},
    "equals-ignore-case": lambda n: {"id": [{"equals-ignore-case": f"ORDER-{n}"}]},
    "prefix": lambda n: {"path": [{"prefix": f"shop/{n}/"}]},
    "suffix": lambda n: {"id": [{"suffix": f"r-{n}"}]},
    "numeric": lambda n: {"total": [{"numeric": [">=", n, "<", n + 1]}]},
    "cidr": lambda n: {"ip": [{"cidr": f"10.{n // 256}.{n % 256}.0/24"}]},
    "wildcard beginning": lambda n: {"path": [{"wildcard": f"shop/{n}/*.json"}]},
    "wildcard middle": lambda n: {"path": [{"wildcard": f"shop*/{n}/*.json"}]},
    "wildcard end": lambda n: {"id": [{"wildcard": f"or*-{n}"}]},
    "array": lambda n: {"lines": {"sku": [f"SKU-{n}-1"], "quantity": [{"numeric": [">", 1]}]}},
    "two fields together": lambda n: {"row": [f"row-{n % 32}"], "column": [f"column-{n // 32}"]},
    "or": lambda n: {"$or": [{"id": [f"order-{n}"]}, {"id": [f"return-{n}"]}]},
    "beside ranges that overlap": lambda n: {
        "group": [f"group-{n % 300}"],
        "total": [{"numeric": [">", -1 - n, "<", n + 1]}],
    },
    "beside anything-but": lambda n: {"id": [f"order-{n}"], "currency": [{"anything-but": "USD"}]},
}


def rule(kind: str, number: int) -> Json:
    return {"source": ["shop.ordering"], "detail-type": ["OrderPlaced"], "detail": DETAILS[kind](number)}


def seconds(call: Callable[[], object], times: int) -> float:
    """The least time of several: what disturbs a machine only ever adds to it."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(times):
            call()
        best = min(best, (time.perf_counter() - start) / times)
    return best


def in_turn(patterns: list[tuple[str, Pattern]], event: Json) -> list[str]:
    return [name for name, pattern in patterns if pattern.matches(event)]


def measured(kind: str, count: int, event: Json) -> float:
    """How many times as fast as testing each rule in turn."""
    rules = RuleSet()
    patterns = [(f"r{number}", Pattern.compile(rule(kind, number))) for number in range(count)]
    for number in range(count):
        rules.add(f"r{number}", rule(kind, number))
    assert rules.matching(event) == in_turn(patterns, event)
    indexed = seconds(partial(rules.matching, event), 20)
    ratio = seconds(partial(in_turn, patterns, event), 1) / indexed
    print(f"{kind}, {count} rules: {indexed * 1e6:.1f} µs, {ratio:.0f} times as fast as in turn")
    return ratio


@pytest.mark.parametrize("kind", DETAILS)
def test_rules_of_every_kind_are_found(kind: str) -> None:
    rules = RuleSet()
    for number in range(300):
        rules.add(f"r{number}", rule(kind, number))
    patterns = [(f"r{number}", Pattern.compile(rule(kind, number))) for number in range(300)]
    events = [placed(number) for number in range(0, 330, 11)]
    found = [rules.matching(event) for event in events]
    assert found == [in_turn(patterns, event) for event in events]
    assert found[0] == ["r0"]
    assert found[-1] == []


@pytest.mark.parametrize("kind", DETAILS)
def test_of_a_thousand_rules_few_are_tested(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = RuleSet()
    for number in range(1000):
        rules.add(f"r{number}", rule(kind, number))
    rules.matching(placed(0))
    tested: list[Conjunction] = []
    matches = Conjunction.matches

    def counted(alternative: Conjunction, flat: Flat) -> bool:
        tested.append(alternative)
        return matches(alternative, flat)

    monkeypatch.setattr(Conjunction, "matches", counted)
    assert "r777" in rules.matching(placed(777))
    assert len(tested) <= 6


@pytest.mark.parametrize("kind", DETAILS)
def test_a_thousand_rules_of_which_one_matches(kind: str) -> None:
    event = placed(777)
    assert Pattern.compile(rule(kind, 777)).matches(event)
    assert measured(kind, 1000, event) >= 20


def test_fields_no_rule_asks_for_cost_nothing() -> None:
    rules = RuleSet()
    for number in range(1000):
        rules.add(f"r{number}", rule("exact", number))
    small, large = placed(777), placed(777)
    large["detail"] |= {f"field-{number}": {"x": list(range(10))} for number in range(2000)}
    assert rules.matching(large) == rules.matching(small) == ["r777"]
    ratio = seconds(partial(rules.matching, large), 20) / seconds(partial(rules.matching, small), 20)
    print(f"2000 fields more: {ratio:.1f} times the cost")
    assert ratio < 8


def test_choices_from_many_arrays_do_not_multiply() -> None:
    names, letters = [f"array-{number}" for number in range(6)], "abcd"
    leaf = [{"numeric": ["=", 1]}, {"exists": False}]
    pattern = Pattern.compile({"x": {name: dict.fromkeys(letters, leaf) for name in names}})

    def element(seed: int) -> Json:
        # Every combination of met, there without being met, and missing comes up somewhere.
        return {letter: seed // 3**place % 3 for place, letter in enumerate(letters) if seed // 3**place % 3}

    arrays = [{name: [element(7 * n + 11 * m) for m in range(1, 12)] for name in names} for n in range(40)]
    start = time.perf_counter()
    assert pattern.matches({"x": arrays})
    assert not pattern.matches({"x": [{**array, "array-3": [{"a": 2}]} for array in arrays]})
    assert time.perf_counter() - start < 10


def test_an_array_is_not_read_once_more_for_every_rule() -> None:
    event = placed(777)
    event["detail"]["lines"] = [{"sku": f"SKU-{number}-1", "quantity": number % 5} for number in range(1000)]
    rules = RuleSet()
    for number in range(200):
        rules.add(f"r{number}", rule("array", number))
    # A rule for quantities above one: three of five.
    assert len(rules.matching(event)) == 120
    one = alone(rule("array", 777))
    ratio = seconds(partial(rules.matching, event), 1) / seconds(partial(one.matching, event), 1)
    print(f"120 of 200 rules match: {ratio:.1f} times what one rule costs")
    assert ratio < 60
