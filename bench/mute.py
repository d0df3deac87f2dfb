"""`python -m bench.mute`: the command `cartwheel` without metrics, monitoring and traces, which the bench compares with
the whole.
"""

from typing import Any, Final

from cartwheel.kernel import metrics, tracing
from cartwheel.kernel.tracing import Context

NOWHERE: Final = Context("1" * 32, "1" * 16)


def mute() -> None:
    """Before anything else of the shop is imported: who imports a function by its name gets the silent one."""
    _replace(metrics, record=None, record_time_left=None, take={})
    _replace(tracing, begin=NOWHERE, activate=NOWHERE, marks={}, carried={}, ids={})
    from cartwheel.local.monitoring.collector import Collector
    from cartwheel.local.monitoring.monitor import Monitor

    _replace(Collector, add=None, invoked=None, answered=None, throttled=None)
    _replace(Monitor, start=None)


def _replace(where: Any, **answers: Any) -> None:
    """Functions by such as do nothing, and always answer the same."""
    for name, answer in answers.items():
        setattr(where, name, lambda *_, always=answer, **__: always)


if __name__ == "__main__":
    mute()
    from cartwheel.cli.main import main

    main()
