"""`cartwheel`, for whose monitoring a minute passes in two seconds: `python -m tests.support.hasty up …`."""

from functools import partial
from typing import Any, Final

from cartwheel.cli.main import main
from cartwheel.local import main as host
from cartwheel.local.monitoring.monitor import Clock

MINUTE: Final = 2.0  # seconds

if __name__ == "__main__":
    hasty: Any = partial(host.Options, clock=Clock(speed=60 / MINUTE))
    host.Options = hasty  # type: ignore[misc]
    main()
