"""The bench works; how fast the shop is is not judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project.checkout import ROOT

pytestmark = pytest.mark.slow

LOAD = ("rate", "p50", "p99", "refused", "to-health", "to-commit")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd=ROOT)


def figures(folder: Path, *arguments: str) -> tuple[str, Any]:
    """What it prints and what it writes."""
    file = folder / "figures.json"
    done = bench("--quick", "--on", str(folder), "--json", str(file), *arguments)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == [file], "something was left behind"
    return done.stdout, json.loads(file.read_text())


def test_every_figure_is_there(tmp_path: Path) -> None:
    printed, written = figures(tmp_path, "--stored", "50,100")
    first, second = written["subjects"]
    assert [(each["place"], each["stored"]) for each in (first, second)] == [(str(tmp_path), 50), (str(tmp_path), 100)]
    names = {
        *(f"{load}.{clients}.{what}" for load in ("accepted", "settled") for clients in (1, 8, 32) for what in LOAD),
        *(f"memory.{when}.{what}" for when in ("start", "warm", "end") for what in ("rss", "pss")),
        *("health.rate", "commit.rate", "flush.p50", "flush.p99", "flush.max"),
        *(f"processor.{kind}" for kind in ("host", "storage", "basket-api", "the bench itself")),
    }
    assert names - first["figures"].keys() == set()
    assert {"accepted.32.rate", "settled.32.rate", "settled.32.to-first"} <= second["figures"].keys()
    spreads = [spread for each in (first, second) for spread in each["figures"].values()]
    assert all(spread["least"] <= spread["median"] <= spread["most"] for spread in spreads)
    assert all(first["figures"][f"settled.{clients}.rate"]["median"] > 0 for clients in (1, 8, 32))
    assert written["client"]["client.rate"]["median"] > 0
    for line in (
        "floors:",
        "flush of 4 KiB:",
        "accepted",
        "settled",
        "memory, all processes",
        "processor ms",
        "stored",
    ):
        assert line in printed


def test_a_soak_tells_how_memory_went(tmp_path: Path) -> None:
    printed, written = figures(tmp_path, "--soak", "0.1", "--rate", "20")
    soak = written["soak"]
    assert {"ordersPerSecond", "refused", "p50", "p99", "growth", "flat"} <= soak.keys()
    assert len(soak["looks"]) >= 9
    assert all(look["memory"]["pss"] <= look["memory"]["rss"] for look in soak["looks"])
    assert ("memory is flat" in printed) == soak["flat"]


def test_what_telemetry_costs(tmp_path: Path) -> None:
    printed, written = figures(tmp_path, "--telemetry")
    found = written["telemetry"]
    assert found["ratio"]["median"] == pytest.approx(found["with"]["median"] / found["without"]["median"])
    assert "with telemetry" in printed


def test_too_many_orders_for_the_place_are_refused(tmp_path: Path) -> None:
    refused = bench("--on", str(tmp_path), "--stored", "1000000000000")
    assert refused.returncode == 1
    assert "are free; ask for fewer with --stored" in refused.stderr
    assert list(tmp_path.iterdir()) == []
