"""A checkout as the documents see it: `.venv/bin` has the commands, and a shop serves its folder `.cartwheel`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.aws_command import NO_CONFIGURATION, PROGRAM

from .blocks import ROOT, Step

PROGRAMS: Final = {
    "python3": sys.executable,
    "cartwheel": f"{sys.executable} -m cartwheel",
    "aws": str(PROGRAM),
    "quick": f"{sys.executable} -m tests.docs.quick",
}
MARK: Final = "=== step"

# Between two steps a reader lets the shop finish; a step that fails ends the script.
SETTLE: Final = """
settle() { sleep 0.12; until curl -s "$1/health" | grep -q '"backlog": 0}'; do sleep 0.05; done; }
"""


@dataclass(frozen=True)
class Checkout:
    """`started` is what the shop printed at its start."""

    folder: Path
    url: str
    started: str

    def run(self, steps: list[Step]) -> list[str]:
        """What each step printed. Raises AssertionError, with all of it, when one fails."""
        script = ["set -e", SETTLE]
        for step in steps:
            script += [f"settle {self.url}", f"echo '{MARK}'", self._here(step.commands)]
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)], cwd=self.folder, env=_variables(self.folder), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout.split(f"{MARK}\n")[1:]

    def _here(self, commands: str) -> str:
        return commands.replace("http://localhost:8000", self.url).replace("/tmp/", f"{self.folder}/")


@contextmanager
def checkout(folder: Path) -> Iterator[Checkout]:
    """With a shop that was just started, as `make up` does it."""
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    for name, command in PROGRAMS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (programs / name).chmod(0o755)
    with subprocess.Popen(
        [programs / "quick", "up", "--port", "0"], cwd=folder, env=_variables(folder), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        started = ""
        for line in process.stdout:
            started += line
            if "serves on" in line:
                break
        try:
            yield Checkout(folder, json.loads((folder / ".cartwheel/address.json").read_text())["url"], started)
        finally:
            process.send_signal(signal.SIGTERM)


def _variables(folder: Path) -> dict[str, str]:
    """Nothing that the developer has set reaches the shop; what is compiled once is not compiled for each command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CARTWHEEL_", "PYTHON"))}
    own = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    return {**kept, **NO_CONFIGURATION, **own}
