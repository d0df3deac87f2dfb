"""What operators do at the host itself, for the audit: no slice has a part in it, so the host tells it to the bus.

An effect that the storage process has is told in the transaction of the effect, all else before it is done or answered.
"""

from collections.abc import Sequence
from typing import Final

from cartwheel.kernel.caller import Caller
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.staff import Act, Change

from .letters import Step, Stepped

REDRIVE: Final = "POST /_host/dead-letters/redrive"
DEAD: Final = '{"dead":true}'
SENT: Final = '{"dead":false}'


def act(caller: Caller, route: str, parameters: dict[str, str]) -> Act:
    return Act(caller, route, parameters, new_id())


def told(act: Act, changes: Sequence[Change] = ()) -> Envelope:
    return Envelope.of(act.told(changes), Cause(act.request_id, act.request_id))


def redriven(step: Step, done: Stepped) -> list[Envelope]:
    """One event for all letters that went; none, where none did."""
    if not (done.sent and step.act):
        return []
    changes = [
        Change(table="dead-letters", key=f"{each.queue} {each.number}", action="redrive", before=DEAD, after=SENT)
        for each in done.sent
    ]
    return [told(step.act, changes)]
