"""The house rules hold in every stage, and each of them notices when it is broken."""

import pytest

from .faults import Break, broken
from .rulebook import RULES
from .stage import Stage
from .variants import VARIANTS


@pytest.mark.parametrize("stage", ["dev-test", "production"])
@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_kept(stages: dict[str, Stage], stage: str, rule: str) -> None:
    assert list(RULES[rule](stages[stage])) == []


@pytest.mark.parametrize(
    ("rule", "breaking"),
    [
        pytest.param(rule, breaking, id=f"{rule}-{n}")
        for rule, faults in VARIANTS.items()
        for n, breaking in enumerate(faults)
    ],
)
def test_a_broken_template_is_noticed(stages: dict[str, Stage], rule: str, breaking: Break) -> None:
    """In production, where some rules ask for more."""
    assert list(RULES[rule](broken(stages["production"], breaking))) != []
