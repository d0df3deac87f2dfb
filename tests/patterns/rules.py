"""Rule sets that several tests need."""

from typing import Any, TypeAlias

from cartwheel.local.patterns import Pattern, RuleSet

Json: TypeAlias = Any


def alone(pattern: Json) -> RuleSet:
    rules = RuleSet()
    rules.add("rule", pattern)
    return rules


def in_turn(patterns: list[tuple[str, Pattern]], event: Json) -> list[str]:
    return [name for name, pattern in patterns if pattern.matches(event)]
