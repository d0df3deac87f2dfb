"""The README is true: its commands work, in their order, and print what it says."""

import re

import pytest

from .blocks import ROOT, shape, steps
from .checkout import Checkout

README = ROOT / "README.md"
STARTING, *TOUR = steps(README)


@pytest.mark.slow
def test_every_command_of_the_tour_prints_what_the_readme_says(fresh: Checkout) -> None:
    assert STARTING.printed
    assert shape(STARTING.printed).fullmatch(fresh.started)
    for step, printed in zip(TOUR, fresh.run(TOUR), strict=True):
        if step.printed is None:
            assert printed == "", step.commands
        else:
            assert shape(step.printed).fullmatch(printed), f"{step.commands}\n{printed}"


def test_a_shop_is_started_and_tested_by_two_commands() -> None:
    assert STARTING.commands.splitlines() == ["make up", "make test"]


def test_the_tour_shows_what_almost_every_step_prints() -> None:
    assert sum(step.printed is not None for step in TOUR) >= len(TOUR) - 1


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("{\n…\n}\n", '{\n  "a": 1,\n  "b": 2\n}\n'),
        ("a  b\n", "a     b\n"),
        ('"status":"…"\n', '"status":"PLACED"\n'),
        ("order 01a1fa62-c7c2-740e-a15e-1ae3a58528b7\n", "order 01a1fa68-efb4-7fce-92eb-c25f3d030873\n"),
        ("at 2026-11-20T19:15:40.098Z\n", "at 2027-01-02T00:00:00.001Z\n"),
    ],
)
def test_a_shape_allows_what_varies(said: str, printed: str) -> None:
    assert shape(said).fullmatch(printed)


@pytest.mark.parametrize(
    ("said", "printed"),
    [("{\n…\n}\n", "{\n"), ("CONFIRMED\n", "CANCELLED\n"), ("1 taken\n", "2 taken\n"), ("a b\n", "ab\n")],
)
def test_a_shape_refuses_what_is_wrong(said: str, printed: str) -> None:
    assert not re.match(shape(said), printed)
