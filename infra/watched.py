"""What is watched of a deployment: what the map says, and what only AWS has: relays, pages, queues of last resort.

Needs no CDK, so that the documents can list it.
"""

from typing import Final

from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.derived_alarms import alarms_of, as_set, function_errors, messages_visible
from cartwheel.kernel.platform_metrics import FUNCTION, ITERATOR_AGE
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.topology import App

PAGES: Final = "pages"
UNDELIVERED: Final = "undelivered"
RELAY_FAILURES: Final = "relay-failures"


def alarms_on_aws(app: App, settings: Settings) -> list[Alarm]:
    """As the settings have them; no two have the same name."""
    relays = [f"{part.name}-relay" for part in app.slices if part.emits]
    besides = [
        *(function_errors(name) for name in (*relays, PAGES)),
        *(_stream(name) for name in relays),
        *(messages_visible(name) for name in (UNDELIVERED, RELAY_FAILURES)),
    ]
    return [*alarms_of(app, settings), *(as_set(alarm, settings) for alarm in besides)]


def _stream(relay: str) -> Alarm:
    return Alarm(
        name=f"{relay}-iterator-age",
        metric=ITERATOR_AGE,
        dimensions={FUNCTION: relay},
        statistic="Maximum",
        setting="alarm_iterator_age",
        comparison=">",
        evaluation_periods=2,
        datapoints=2,
        meaning=f"{relay} does not get to what its stream tells",
        runbook="events-unsent",
    )
