from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cartwheel.kernel import telemetry


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[None]:
    """As a host does it: what functions print is kept in the shop's folder."""
    (tmp_path / "logs").mkdir()
    handler: Any = telemetry.logger.registered_handler
    with (tmp_path / "logs" / "all.jsonl").open("w", buffering=1) as lines:
        before = handler.setStream(lines)
        yield
        handler.setStream(before)
