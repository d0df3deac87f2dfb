"""This checkout as its tests see it: the files that are, or are about to be, in the repository."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "src/cartwheel"

_FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_NO_SHELL: Final = frozenset({"json", "http", "python", "toml", "yaml", "csv", "mermaid"})


@cache
def files(suffix: str = "") -> list[Path]:
    """Every file of the repository, ignored ones aside."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    paths = sorted({ROOT / name for name in listing.stdout.decode().split("\0") if name.endswith(suffix)})
    return [path for path in paths if path.is_file()]


@cache
def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def shell_lines(document: Path) -> Iterator[str]:
    """The lines of a document's fenced blocks that may be commands."""
    for fence in _FENCE.finditer(document.read_text()):
        if fence["language"] not in _NO_SHELL:
            yield from fence["text"].replace("\\\n", " ").splitlines()
