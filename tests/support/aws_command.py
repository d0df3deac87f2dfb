"""AWS's own command line: a program that is not ours, in an environment of its own, told by variables whom to ask."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = Path(__file__).parents[2] / ".tools/awscli/bin/aws"
SECONDS: Final = 60  # for one command
NO_CONFIGURATION: Final = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def aws(*arguments: str, folder: Path, variables: Mapping[str, str]) -> Any:
    """The JSON that `aws …` prints, run in the folder. Raises AssertionError, with its words, when it fails."""
    assert PROGRAM.exists(), f"{PROGRAM} is not there: `make test` installs it"
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=variables, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
