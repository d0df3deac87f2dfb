"""An alarm's state follows from its data points as CloudWatch documents it."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel.alarms import Alarm, Missing
from cartwheel.local.monitoring.evaluation import LOOK_BACK, State, evaluate

from .alarms import alarm

TREATMENTS: Final[tuple[Missing, ...]] = ("missing", "ignore", "breaching", "notBreaching")
POINTS: Final = {"-": None, "0": 0.0, "X": 5.0}
OK, ALARM, NO_DATA, RETAIN = State.OK, State.ALARM, State.INSUFFICIENT_DATA, None

# The tables of "Configuring how CloudWatch alarms treat missing data": evaluation periods 3, evaluation range 5.
THREE_OF_THREE = {
    "0 - X - X": (OK, OK, OK, OK),
    "0 - - - -": (OK, OK, OK, OK),
    "- - - - -": (NO_DATA, RETAIN, ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, RETAIN, ALARM, OK),
    # "Avoiding premature transitions to alarm state"
    "- - - - X": (RETAIN, RETAIN, ALARM, OK),
    "- - - X -": (RETAIN, RETAIN, ALARM, OK),
    "- - - X 0": (OK, OK, OK, OK),
    "- - X - 0": (OK, OK, OK, OK),
    "X X 0 0 0": (OK, OK, OK, OK),
}
TWO_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, RETAIN, ALARM, OK),
    "X X 0 0 X": (OK, OK, OK, OK),
}
CASES = [
    pytest.param(datapoints, row, missing, wanted, id=f"{datapoints} of 3, {row}, {missing}")
    for datapoints, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for row, outcomes in table.items()
    for missing, wanted in zip(TREATMENTS, outcomes, strict=True)
]


@pytest.mark.parametrize(("datapoints", "row", "missing", "wanted"), CASES)
def test_the_state_is_that_of_the_documentation(
    datapoints: int, row: str, missing: Missing, wanted: State | None
) -> None:
    watched = alarm(evaluation_periods=3, datapoints=datapoints, missing=missing)
    points = [POINTS[each] for each in row.split()]
    for before in State:
        assert evaluate(watched, points, before) is (wanted or before)


@pytest.mark.parametrize(
    ("comparison", "rings"),
    [
        (">", (False, False, True)),
        (">=", (False, True, True)),
        ("<", (True, False, False)),
        ("<=", (True, True, False)),
    ],
)
def test_a_point_is_compared_as_the_alarm_says(comparison: str, rings: tuple[bool, ...]) -> None:
    watched = alarm(threshold=2, comparison=comparison)
    states = [evaluate(watched, [None, None, value], State.OK) for value in (1.0, 2.0, 3.0)]
    assert states == [State.ALARM if each else State.OK for each in rings]


def oracle(watched: Alarm, points: list[float | None], before: State) -> State:
    """Naively: fill in what is missing where it counts, and look at every reading of it."""
    real = [point for point in points if point is not None]
    wanted, enough = watched.evaluation_periods, watched.datapoints
    if len(real) >= wanted:
        filled = real[-wanted:]
    elif watched.missing in ("breaching", "notBreaching"):
        filled = real + [5.0 if watched.missing == "breaching" else 0.0] * (wanted - len(real))
    else:
        filled = real
        if not real:
            return State.INSUFFICIENT_DATA if watched.missing == "missing" else before
        if 0.0 not in real and len(real) < enough:
            stood = len(points) - points.index(5.0)
            return State.ALARM if watched.missing == "missing" and stood >= enough else before
    return State.ALARM if filled.count(5.0) >= enough else State.OK


@given(st.data())
def test_it_agrees_with_a_naive_reading(data: st.DataObject) -> None:
    periods = data.draw(st.integers(1, 6))
    watched = alarm(
        evaluation_periods=periods,
        datapoints=data.draw(st.integers(1, periods)),
        missing=data.draw(st.sampled_from(TREATMENTS)),
    )
    points = data.draw(
        st.lists(st.sampled_from([None, 0.0, 5.0]), min_size=periods + LOOK_BACK, max_size=periods + LOOK_BACK)
    )
    before = data.draw(st.sampled_from(list(State)))
    assert evaluate(watched, points, before) is oracle(watched, points, before)
