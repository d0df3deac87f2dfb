"""Many rules at once: their names, their order, and changes while others match."""

from threading import Thread

import pytest

from cartwheel.local.patterns import InvalidPattern, RuleSet

from .rules import alone


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
