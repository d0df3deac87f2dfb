"""Help that teaches, and usage errors."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from cartwheel.cli.main import app

from .shell import cartwheel


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    children = getattr(command, "commands", {})
    if not children:
        yield path
    for name, child in children.items():
        yield from _commands(child, (*path, name))


COMMANDS = list(_commands(typer.main.get_command(app)))


def test_there_are_the_promised_commands() -> None:
    assert {" ".join(path) for path in COMMANDS} == {
        "up",
        "token",
        "import",
        "order show",
        "order timeline",
        "order trace",
        "alarms",
        "health",
        "dashboard",
        "queues",
        "rebuild",
        "reconcile",
        "dead-letters list",
        "dead-letters show",
        "dead-letters redrive",
        "invoke",
        "events tail",
        "events list",
        "audit list",
        "audit verify",
        "keys rotate",
        "mailbox",
        "users show",
        "users grant",
        "users revoke",
        "logs",
        "version",
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_one_example_of_it(path: tuple[str, ...]) -> None:
    done = cartwheel(*path, "--help")
    assert done.code == 0
    examples = [line for line in done.out.splitlines() if "Example:" in line]
    assert len(examples) == 1
    assert f"Example: cartwheel {' '.join(path)}" in examples[0]


def test_the_help_is_a_tour_through_commands_that_exist() -> None:
    done = cartwheel("--help")
    assert done.code == 0
    tour = [line.split() for line in done.out.splitlines() if line.strip().startswith("cartwheel ")]
    assert len(tour) == 8
    names = {path[0] for path in COMMANDS}
    assert all(words[1] in names for words in tour)


@pytest.mark.parametrize("arguments", [(), ("order",), ("events",)], ids=" ".join)
def test_without_a_command_there_is_the_help(arguments: tuple[str, ...]) -> None:
    done = cartwheel(*arguments)
    assert done.code == 2
    assert "Usage: cartwheel" in done.out
    assert done.err == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("quues",), "No such command 'quues'. Did you mean 'queues'?; see `cartwheel --help`."),
        (
            ("token",),
            "Missing option '--role'. Choose from: staff, admin, customer, scraper; see `cartwheel token --help`.",
        ),
        (("order", "show"), "Missing argument 'ID'; see `cartwheel order show --help`."),
        (
            ("dead-letters", "redrive"),
            "give one of ID, --queue, --cause and --all; see `cartwheel dead-letters redrive --help`.",
        ),
        (("dead-letters", "redrive", "1", "--all"), "give one of ID, --queue, --cause and --all; see"),
        (("dead-letters", "redrive", "1", "--rate", "x"), "'x' is not a rate such as 10/s or 30/min, of 500/s at most"),
        (("dead-letters", "show", "x"), "Invalid value for 'ID'"),
        (("up", "--port", "65536"), "Invalid value for '--port'"),
        (("token", "--role", "root"), "Invalid value for '--role'"),
        (("logs", "--last", "-1"), "Invalid value for '--last'"),
        (("queues", "--data", __file__), "Invalid value for '--data'"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(arguments: tuple[str, ...], text: str) -> None:
    done = cartwheel(*arguments)
    assert (done.code, done.out) == (2, "")
    assert text in done.err
    assert done.err.count("\n") == 1
