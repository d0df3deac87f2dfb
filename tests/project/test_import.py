"""Reading the map costs next to nothing and does nothing: every process of either host does it first."""

import os
import subprocess
import sys
from typing import Final

from .checkout import ROOT

PROBE: Final = """
import sys, threading, time
started = time.process_time()
import cartwheel.app
print(time.process_time() - started, threading.active_count(), *sys.modules)
"""
HEAVY: Final = {
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "cryptography",
    "httpx",
    "jinja2",
    "sqlite3",
    "typer",
    "uvicorn",
}
NEEDED: Final = {"events", "metrics", "monitoring"}
SECONDS: Final = 1.0  # of processor time; it takes about 0.2


def probe() -> tuple[float, int, set[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    seconds, threads, *modules = done.stdout.split()
    return float(seconds), int(threads), set(modules)


def test_importing_the_map_is_cheap_and_has_no_effects() -> None:
    _, threads, modules = probe()
    assert threads == 1
    assert {module.partition(".")[0] for module in modules} & HEAVY == set()


def test_of_a_slice_the_map_needs_only_its_events_and_what_is_watched() -> None:
    _, _, modules = probe()
    parts = [module.split(".")[1:] for module in modules if module.startswith("cartwheel.")]
    assert [part for part in parts if len(part) > 1 and part[0] != "kernel" and part[1] not in NEEDED] == []


def test_importing_the_map_is_quick() -> None:
    assert min(probe()[0] for _ in range(3)) < SECONDS
