"""How an alarm stands, from one look at it to the next."""

from dataclasses import dataclass

from cartwheel.kernel.alarms import Alarm

from .evaluation import State


@dataclass(frozen=True)
class Standing:
    """`since` is in seconds since 1970, `value` the newest there was; `told`: that the alarm is on has been told."""

    alarm: Alarm
    state: State = State.INSUFFICIENT_DATA
    since: int = 0
    value: float | None = None
    told: bool = False
