"""Ways to run the command `cartwheel`: in this process, where it is fast, or in one of its own."""

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cartwheel.cli.main import main


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """The one line that a refused command prints, and nothing else."""
        assert self.code == 1
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        return self.err.rstrip("\n")


def cartwheel(*arguments: str) -> Done:
    """Run the command in this process, through its real entry point."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with patch.multiple(sys, argv=["cartwheel", *arguments], stdout=out, stderr=err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return Done(code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Run the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "cartwheel", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that the process prints."""
    assert process.stdout
    return process.stdout.readline().rstrip("\n")


def end(process: subprocess.Popen[str]) -> Done:
    """Wait for the process to end."""
    out, err = process.communicate(timeout=20)
    return Done(process.returncode, out, err)


@dataclass(frozen=True)
class Running:
    """A really started shop."""

    folder: Path
    url: str
    printed: list[str]

    def cartwheel(self, *arguments: str) -> Done:
        return cartwheel(*arguments, "--data", str(self.folder))

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return start(*arguments, "--data", str(self.folder), **variables)
