"""`cartwheel health`: a line for each part, and an exit code for whoever restarts what fails."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from cartwheel.cli.client import Client

from .shell import Running, cartwheel

PARTS = ["storage", "outbox", "queues", "dead-letters", "disk", "alarms", "schedules"]


def test_every_part_has_a_line(running: Running) -> None:
    done = running.cartwheel("health")
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert [line[0] for line in lines] == PARTS
    assert {line[1] for line in lines} <= {"ok", "degraded"}


def test_as_json(running: Running) -> None:
    told = running.cartwheel("health", "--json").json
    assert [part["part"] for part in told["parts"]] == PARTS
    assert told["checked"].endswith("Z")


def answering(monkeypatch: pytest.MonkeyPatch, status: int, document: Any, kind: str = "application/json") -> None:
    answer = httpx.Response(status, json=document, headers={"content-type": kind})
    monkeypatch.setattr(Client, "_send", lambda *_, **__: answer)


def test_what_fails_is_told_and_ends_with_code_1(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    part = {"part": "storage", "status": "failing", "since": "2026-11-21T03:00:00.000Z", "detail": "no answer"}
    answering(monkeypatch, 503, {"status": "failing", "parts": [part]})
    done = running.cartwheel("health")
    assert (done.code, done.err) == (1, "")
    assert done.out == "storage       failing   no answer since 2026-11-21T03:00:00.000Z\n"


def test_a_shop_that_takes_no_questions_is_an_error(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 503, {"detail": "The shop is busy."}, "application/problem+json")
    assert running.cartwheel("health").error == "The shop is busy."


def test_no_shop_is_an_error(tmp_path: Path) -> None:
    assert "No shop is running" in cartwheel("health", "--data", str(tmp_path)).error
