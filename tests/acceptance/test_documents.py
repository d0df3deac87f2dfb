"""docs/aws.md is true: its commands work on deployed stacks, in their order, and print what it says."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.docs.blocks import ROOT, Step, shape, steps
from tests.support.aws_command import PROGRAM

from .cloud import PASSWORD
from .hosts import THROWN_AWAY, Host
from .standin import STAGE, StandIn

pytestmark = [pytest.mark.slow, pytest.mark.needs(THROWN_AWAY)]

MARK: Final = "=== step"
SECONDS: Final = 240  # for all of them


def test_the_commands_for_a_deployed_shop(host: Host, tmp_path: Path) -> None:
    assert isinstance(host, StandIn)
    written = [step for step in steps(ROOT / "docs/aws.md") if step.printed]
    assert len(written) == 4
    for step, printed in zip(written, _run(written, host, tmp_path), strict=True):
        assert shape(step.printed or "").fullmatch(printed), f"{step.commands}\n{printed}"


def _run(written: list[Step], there: StandIn, folder: Path) -> list[str]:
    """What each step printed. The stage has another name here, the API another address, and nobody waits long."""
    here = {
        "STAGE=staging": f"STAGE={STAGE}",
        "$(output shop ApiUrl)": str(there.http.base_url).rstrip("/").replace("$", "\\$"),
        "sleep 5": "sleep 0.2",
    }
    commands = "\n".join(f"echo '{MARK}'\n{step.commands}" for step in written)
    for documented, meant in here.items():
        assert documented in commands
        commands = commands.replace(documented, meant)
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, **there.variables, "PATH": path, "PASSWORD": PASSWORD}
    done = subprocess.run(
        ["bash", "-c", f"set -e\n{commands}"], cwd=folder, env=variables, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout.split(f"{MARK}\n")[1:]
