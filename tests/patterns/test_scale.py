"""What matching costs with 10 to 10,000 rules of all kinds, and with a large event: ratios of one run."""

import json
from functools import partial

import pytest

from cartwheel.local.patterns import Pattern, RuleSet

from .rules import Json, in_turn
from .test_cost import DETAILS, placed, rule, seconds

COUNTS = (10, 100, 1_000, 10_000)
KINDS = sorted(DETAILS.keys() - {"beside ranges that overlap", "two fields together"})  # of these, many match at once


def patterns(count: int) -> list[tuple[str, Json]]:
    """So many rules, their kinds in turn, each for an order of its own."""
    return [(f"r{number}", rule(KINDS[number % len(KINDS)], number)) for number in range(count)]


def rule_set(count: int) -> RuleSet:
    rules = RuleSet()
    for name, pattern in patterns(count):
        rules.add(name, pattern)
    return rules


def large(number: int) -> Json:
    """Nearly what an event may have, 256 KiB; one rule matches it. Rules ask for its lines, but not for its notes."""
    event = placed(number)
    event["detail"]["lines"] += [{"sku": f"OTHER-{line}", "quantity": 1, "price": 10.5} for line in range(1_000)]
    event["detail"]["notes"] = [{"by": f"clerk-{note}", "text": "x" * 100, "at": note} for note in range(1_200)]
    assert 200 * 1024 < len(json.dumps(event)) < 256 * 1024
    return event


@pytest.mark.load
@pytest.mark.parametrize("event", [placed(7), large(7)], ids=["small", "large"])
def test_matching_costs_what_matches_not_what_there_is(event: Json) -> None:
    micros = {}
    for count in COUNTS:
        rules = rule_set(count)
        assert rules.matching(event) == ["r7"]
        micros[count] = seconds(partial(rules.matching, event), 20) * 1e6
        print(f"{count} rules: {micros[count]:.1f} µs, {micros[count] / micros[10]:.1f} times that of 10")
    assert micros[10_000] < 10 * micros[10]


@pytest.mark.load
@pytest.mark.parametrize(("event", "least"), [(placed(7), 100), (large(7), 20)], ids=["small", "large"])
def test_a_thousand_rules_are_as_much_faster_than_in_turn(event: Json, least: int) -> None:
    """With the large one, reading the lines that rules ask for is most of the work, for one rule as for a thousand."""
    rules = rule_set(1_000)
    compiled = [(name, Pattern.compile(pattern)) for name, pattern in patterns(1_000)]
    assert rules.matching(event) == in_turn(compiled, event) == ["r7"]
    ratio = seconds(partial(in_turn, compiled, event), 1) / seconds(partial(rules.matching, event), 20)
    print(f"1000 rules: {ratio:.0f} times as fast as in turn")
    assert ratio >= least
