"""What the map's durations become: EventBridge Scheduler counts in whole minutes."""

from datetime import timedelta

import pytest

from infra.node import choose_node


@pytest.mark.parametrize(
    ("seconds", "expression"),
    [
        (0.5, "rate(1 minute)"),
        (10, "rate(1 minute)"),
        (60, "rate(1 minute)"),
        (61, "rate(2 minutes)"),
        (300, "rate(5 minutes)"),
        (86400, "rate(1440 minutes)"),
    ],
)
def test_a_rate_is_rounded_up_to_minutes(seconds: float, expression: str) -> None:
    choose_node()
    from infra.parts.schedule import rate

    assert rate(timedelta(seconds=seconds)) == expression
