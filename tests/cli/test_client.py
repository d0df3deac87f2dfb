"""What every command that asks the running shop says when that cannot be done."""

import json
import shutil
from pathlib import Path

import httpx
import pytest

from cartwheel.cli.client import Refused
from cartwheel.local import address
from cartwheel.local.host import open_folder

from .shell import Running, cartwheel

ASKING = [
    ("import", __file__),
    ("order", "show", "x"),
    ("queues",),
    ("dead-letters",),
    ("dead-letters", "list"),
    ("dead-letters", "show", "1"),
    ("dead-letters", "redrive", "--all"),
    ("events", "tail"),
]


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_no_shop_is_running(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = cartwheel(*arguments)
    assert done.error == "No shop is running on .cartwheel; start it with `cartwheel up`."
    assert done.out == ""


def test_the_folder_can_be_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTWHEEL_DATA", str(tmp_path))
    done = cartwheel("queues")
    assert done.error == f"No shop is running on {tmp_path}; start it with `cartwheel up --data {tmp_path}`."


def test_the_address_of_a_killed_shop_is_not_believed(tmp_path: Path, running: Running) -> None:
    """Its number may belong to another process by now, and its port to another shop."""
    (tmp_path / "lock").touch()
    shutil.copy(running.folder / "address.json", tmp_path)
    assert cartwheel("queues", "--data", str(tmp_path)).error.startswith(f"No shop is running on {tmp_path};")


def test_a_shop_that_is_starting(tmp_path: Path) -> None:
    open_folder(tmp_path)
    text = f"The shop on {tmp_path} is starting or stopping; try again in a moment."
    assert cartwheel("queues", "--data", str(tmp_path)).error == text
    (tmp_path / address.FILE).write_text("{")
    assert cartwheel("queues", "--data", str(tmp_path)).error == text
    address.write(tmp_path, "http://127.0.0.1:1")
    assert cartwheel("queues", "--data", str(tmp_path)).error == text


def _answer(status: int, document: object, kind: str = "application/problem+json") -> httpx.Response:
    return httpx.Response(status, content=json.dumps(document), headers={"content-type": kind})


def test_a_problem_is_one_line_with_the_fields_that_are_wrong() -> None:
    errors = [{"field": "body.lines", "reason": "too many"}, {"field": "query.limit", "reason": "too large"}]
    refused = Refused(_answer(422, {"detail": "query.limit: too large", "title": "T", "errors": errors}))
    assert str(refused) == "query.limit: too large; body.lines: too many"


def test_an_answer_that_is_no_problem_document() -> None:
    assert str(Refused(_answer(502, "<html>", "text/html"))) == "The shop answered with status 502."
