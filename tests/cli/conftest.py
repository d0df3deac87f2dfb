import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .shell import Running, end, line_of, start


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer has set must not reach the tests."""
    for name in [name for name in os.environ if name.startswith("CARTWHEEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A shop with its sample products, stopped by SIGTERM."""
    folder: Path = tmp_path_factory.mktemp("shop")
    process = start("up", "--port", "0", "--data", str(folder))
    printed = [line_of(process)]
    while printed[-1] and "serves on" not in printed[-1]:
        printed.append(line_of(process))
    assert printed[-1], end(process).err
    yield Running(folder, json.loads((folder / "address.json").read_text())["url"], printed)
    process.send_signal(signal.SIGTERM)
    stopped = end(process)
    assert (stopped.code, stopped.out, stopped.err) == (0, "Stopping …\n", "")
    assert not (folder / "address.json").exists()
