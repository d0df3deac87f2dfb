"""Colours and progress, on a terminal and elsewhere."""

import contextlib
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from cartwheel.cli import main, output
from cartwheel.cli.commands import trace

from .shell import Running, cartwheel

CSV = "Type,SKU,Name,Regular price\nsimple,lute,Lute,10\n"


def _on_terminal(*arguments: str, **variables: str) -> str:
    """What a terminal gets to see of the command."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "cartwheel", *arguments]
    environment = {**os.environ, "TERM": "xterm", **variables}
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as process:
        os.close(terminal)
        seen = b""
        with contextlib.suppress(OSError):  # how Linux tells that the other side is gone
            while piece := os.read(controller, 65536):
                seen += piece
    os.close(controller)
    assert process.returncode == 0
    return seen.decode()


def test_colours_are_for_terminals_and_no_color_is_respected(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "one.jsonl").write_text('{"timestamp": "2026-01-01T00:00:00Z", "level": "ERROR"}\n')
    arguments = ("logs", "--data", str(tmp_path))
    assert "\x1b" not in cartwheel(*arguments).out
    assert "31m" in _on_terminal(*arguments)
    assert "31m" not in _on_terminal(*arguments, NO_COLOR="1")  # what is bold or dim is no colour


def test_an_import_shows_a_bar_on_a_terminal(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(CSV)
    seen = _on_terminal("import", str(file), "--data", str(running.folder))
    assert "Importing products.csv" in seen
    assert "━" in seen
    assert "1 taken" in seen


def test_elsewhere_long_work_is_noted_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "NOTE_EVERY", 0.0)
    with output.progress("Importing x") as advance:
        advance(0, None)
        advance(10, 20)
    seen = capsys.readouterr()
    assert seen.out == ""
    assert re.fullmatch(r"Importing x …\nImporting x: 10 of 20, [0-9,]+/s, [0-9,]+ s left\n", seen.err)


def test_a_fault_of_ours_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(main, "app", fail)
    assert cartwheel("version").error == "KeyError: 'x' (a fault of ours; CARTWHEEL_TRACEBACK=1 shows where)"
    monkeypatch.setenv("CARTWHEEL_TRACEBACK", "1")
    with pytest.raises(KeyError):
        cartwheel("version")


def test_a_timeline_fits_into_80_columns(running: Running) -> None:
    order = {"amount": 5, "currency": "EUR", "paymentToken": "tok_timeout"}
    order_id = httpx.post(f"{running.url}/orders", json=order, trust_env=False).json()["orderId"]
    while "ProviderTimeout" not in running.cartwheel("order", "timeline", order_id).out:
        time.sleep(0.05)
    seen = _on_terminal("order", "timeline", order_id, "--data", str(running.folder), COLUMNS="80")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen).splitlines()
    assert max(map(len, plain)) <= 80
    assert plain[-1].endswith("payment_timeout")


def test_a_trace_fits_into_80_columns(running: Running) -> None:
    order = {"amount": 5, "currency": "EUR", "paymentToken": "tok_timeout"}
    order_id = httpx.post(f"{running.url}/orders", json=order, trust_env=False).json()["orderId"]
    while "attempt 2, failed" not in running.cartwheel("order", "trace", order_id).out:
        time.sleep(0.05)
    seen = _on_terminal("order", "trace", order_id, "--data", str(running.folder), COLUMNS="80")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen).splitlines()
    assert max(map(len, plain)) <= 80
    assert any(line.endswith("authorise: ProviderTimeout, failed") for line in plain)


def test_a_trace_of_days_keeps_its_columns() -> None:
    hop = {"kind": "call", "where": "w", "what": f"x{'y' * 99}", "attempt": 1, "failed": False, "depth": 3}
    for after, milliseconds in ((0.0, 9e8), (1209600000.0, 0.0), (99999.9, 1.0)):
        told = {"milliseconds": 1209600000.0, "after": after}
        assert len(trace._bar(after, milliseconds, told["milliseconds"])) == trace.BAR
        assert len(trace._figure(after)) <= 8
    assert len(trace._what(hop)) == trace.WHAT
    assert trace._bar(0.0, 0.0, 0.0).strip() == "━"
