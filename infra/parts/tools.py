"""The programs that make a bundle: uv, and a Python that writes bytecode. Nothing is downloaded but wheels."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

Command = list[str | Path]

PLATFORMS: Final = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
OURS: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
PLACE: Final = "/var/task"  # where Lambda unpacks a bundle; tracebacks name the files there


class CannotBundle(SystemExit):
    """The bundle cannot be made. It ends a synth with its one line, which says what to do."""


def install(requirements: Path, folder: Path, architecture: str, python: str) -> None:
    """Unpack the pinned wheels for that machine into the folder. Raises CannotBundle."""
    there: Command = ["--python-platform", PLATFORMS[architecture], "--python-version", python]
    pinned: Command = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--requirements", requirements]
    here: Command = ["--python", sys.executable, "--target", folder, "--link-mode", "copy", "--no-compile-bytecode"]
    done = _run([_uv(), "pip", "install", "--quiet", *here, *there, *pinned], UV_PYTHON_DOWNLOADS="never")
    if done.returncode:
        reason = " ".join(done.stderr.split())[-500:]
        raise CannotBundle(
            f"The Lambda bundle cannot be made: uv could not install {requirements.name} for {architecture} and "
            f"Python {python}. Is the package index within reach? uv says: {reason}"
        )


def bytecode_compiler(python: str) -> Path | None:
    """A Python here whose bytecode that minor version reads; None, and a line on stderr, where there is none."""
    if python == OURS:
        return Path(sys.executable)
    if found := _find(python):
        return found
    sys.stderr.write(
        f"The Lambda bundle gets no bytecode, so cold starts take up to three times as long: there is no Python "
        f"{python} here. Install it (uv python install {python}) or run this one there too (--context python={OURS}).\n"
    )
    return None


def _find(python: str) -> Path | None:
    found = _run([_uv(), "python", "find", "--no-project", f"cpython@{python}"], UV_PYTHON_DOWNLOADS="never")
    return None if found.returncode else Path(found.stdout.strip())


def compile_all(python: Path, folder: Path) -> None:
    """Bytecode for every module. Lambda's files carry other times than here, so it must not depend on them."""
    names: Command = ["-s", folder, "-p", PLACE]
    done = _run([python, "-s", "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash", *names, folder])
    if done.returncode:
        raise CannotBundle(
            f"The Lambda bundle cannot be compiled by {python}: {done.stdout[-500:]}{done.stderr[-500:]}"
        )


def _uv() -> str:
    """Beside this Python, where `make` puts it, or elsewhere on the path. Raises CannotBundle."""
    beside = Path(sys.executable).parent
    found = shutil.which("uv", path=os.pathsep.join([str(beside), os.environ.get("PATH", "")]))
    if found is None:
        raise CannotBundle("The Lambda bundle is made by uv, which is not here: run `make synth`, or pip install uv.")
    return found


def _run(command: Command, **variables: str) -> subprocess.CompletedProcess[str]:
    """Settings of this process's Python would change what another one writes."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    surroundings |= {"PYTHONHASHSEED": "0"} | variables
    return subprocess.run(command, env=surroundings, capture_output=True, text=True)  # noqa: S603 - our own commands
