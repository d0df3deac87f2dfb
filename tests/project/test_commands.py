"""The documents and the commands: what is documented works, and what works is documented."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from cartwheel.cli.main import app
from cartwheel.kernel.settings import Settings

from .checkout import ROOT, files, shell_lines

TARGETS = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
COMMAND_STARTS = re.compile(r"&&|\|\||\$\(|[;|()`]")
ASSIGNMENT = re.compile(r"\[?\w+=")


def documents() -> list[Path]:
    return [path for path in files(".md") if path.name != "CHANGELOG.md"]


def commands_in(line: str, program: str) -> Iterator[list[str]]:
    """The arguments of every call of the program in a line of shell: `A=1 .venv/bin/x y && z` calls x with y."""
    for part in COMMAND_STARTS.split(line.strip().removeprefix("$ ")):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:  # a quotation that spans commands: not one of ours
            continue
        while words and ASSIGNMENT.match(words[0]):
            words.pop(0)
        if words and Path(words[0]).name == program:
            yield words[1:]


def documented(program: str) -> list[tuple[str, list[str]]]:
    return [
        (f"{document.relative_to(ROOT)}: {line.strip()}", words)
        for document in documents()
        for line in shell_lines(document)
        for words in commands_in(line, program)
    ]


def test_every_documented_make_target_exists() -> None:
    called = documented("make")
    wrong = [
        where
        for where, words in called
        for word in words
        if not word.startswith("-") and not ASSIGNMENT.match(word) and word not in TARGETS
    ]
    assert wrong == []
    assert called


def test_every_documented_command_line_is_taken() -> None:
    # --help stops a command before it does anything, but not before its name and its options were understood.
    called = documented("cartwheel")
    wrong = [where for where, words in called if CliRunner().invoke(app, [*words, "--help"]).exit_code]
    assert wrong == []
    assert called


def commands(command: Any, *path: str) -> list[str]:
    """The full names of the command, or of those it groups: `cartwheel order show`."""
    if not hasattr(command, "commands"):
        return [" ".join(path)]
    return [name for word, child in command.commands.items() for name in commands(child, *path, word)]


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in commands(typer.main.get_command(app), "cartwheel") if name not in readme] == []


def test_every_make_target_is_documented() -> None:
    readable = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert [target for target in TARGETS if not re.search(rf"\bmake {target}\b", readable)] == []


def test_every_setting_is_documented() -> None:
    text = "".join(document.read_text() for document in documents())
    variables = [f"CARTWHEEL_{field.name.upper()}" for field in fields(Settings)]
    assert [variable for variable in variables if not re.search(rf"\b{variable}\b", text)] == []


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("$ make up PORT=1", [["up", "PORT=1"]]),
        ("cd shop && make test; make -s lint # make x", [["test"], ["-s", "lint"]]),
        ("A=1 make up", [["up"]]),
        ("apt install make git", []),
        ("T=$(make token)", [["token"]]),
    ],
)
def test_commands_are_recognised(line: str, calls: list[list[str]]) -> None:
    assert list(commands_in(line, "make")) == calls
