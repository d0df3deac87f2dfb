"""Many named patterns, matched at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from threading import Lock

from .anchors import Option, options_of
from .index import Index
from .match import Conjunction, Pattern
from .rarity import Entry
from .walk import Step, flatten, steps_to

FRESH = 8
"""So many new rules are tested in turn before it is worth building the index anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    name: str
    order: int
    pattern: Pattern
    options: tuple[tuple[Option, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What one call to ``matching`` works with, whatever changes meanwhile."""

    alternatives: tuple[tuple[_Rule, Conjunction], ...]
    index: Index
    steps: Step
    fresh: tuple[_Rule, ...] = ()
    """Rules added since the index was built."""
    changes: int = 0

    def changed(self, *added: _Rule) -> "_View | None":
        """The view after one more change, or ``None`` after so many that it is not worth keeping."""
        # A share of the whole: however many rules come one by one, the work for each stays the same.
        if self.changes >= FRESH + len(self.alternatives) // 8:
            return None
        return replace(self, fresh=self.fresh + added, changes=self.changes + 1)


def _build(rules: Mapping[str, _Rule]) -> _View:
    pairs = [
        (rule, alternative, options)
        for rule in rules.values()
        for alternative, options in zip(rule.pattern.alternatives, rule.options, strict=True)
    ]
    index = Index([Entry(number, options) for number, (_, _, options) in enumerate(pairs)])
    steps = steps_to(path for rule in rules.values() for path in rule.pattern.paths())
    return _View(tuple((rule, alternative) for rule, alternative, _ in pairs), index, steps)


class RuleSet:
    """Rules by name. Matching looks up the few rules an event may match, and tests only those.

    It may be used from several threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._order = count()
        self._rules: dict[str, _Rule] = {}
        self._view: _View | None = None

    def add(self, name: str, pattern: str | Mapping[str, object]) -> None:
        """Add a rule, or give the one of that name another pattern in its place. Raises InvalidPattern."""
        compiled = Pattern.compile(pattern)
        options = tuple(options_of(alternative.fields) for alternative in compiled.alternatives)
        with self._lock:
            before = self._rules.get(name)
            order = next(self._order) if before is None else before.order
            rule = self._rules[name] = _Rule(name, order, compiled, options)
            self._view = self._view and self._view.changed(rule)

    def remove(self, name: str) -> None:
        """Remove the rule of that name. Raises KeyError if there is none."""
        with self._lock:
            del self._rules[name]
            self._view = self._view and self._view.changed()

    def matching(self, event: Mapping[str, object]) -> list[str]:
        """The names of the rules the event matches, in the order the rules were added."""
        view = self._current_view()
        flat = flatten(event, view.steps)
        found: set[int] = set()
        view.index.collect(flat, found)
        matched: set[_Rule] = set()
        for number in found:
            rule, alternative = view.alternatives[number]
            if rule not in matched and self._has(rule) and alternative.matches(flat):
                matched.add(rule)
        matched.update(rule for rule in view.fresh if self._has(rule) and rule.pattern.matches(event))
        return [rule.name for rule in sorted(matched, key=lambda rule: rule.order)]

    def _has(self, rule: _Rule) -> bool:
        """Whether it was neither removed nor replaced since the index was built."""
        return self._rules.get(rule.name) is rule

    def _current_view(self) -> _View:
        view = self._view
        if view is None:
            with self._lock:
                view = self._view = self._view or _build(self._rules)
        return view
