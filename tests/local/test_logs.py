"""The files that functions print to."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cartwheel.local import logs
from cartwheel.local.logs import Log, log_path, redirect_output, rotate_if_large


def in_a_process(work: Callable[[], None]) -> None:
    """As an environment does it: nothing is flushed at the end."""
    child = os.fork()
    if child == 0:
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8")
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_line_is_there_as_soon_as_it_is_printed(folder: Path) -> None:
    def work() -> None:
        redirect_output(folder, "talker")
        print("hällo \ud800")
        os.write(2, b"and the rest\n")

    in_a_process(work)
    assert log_path(folder, "talker").read_text() == "hällo \\ud800\nand the rest\n"


def test_several_environments_append(folder: Path) -> None:
    def work() -> None:
        redirect_output(folder, "talker")
        print("line")

    for _ in range(3):
        in_a_process(work)
    assert log_path(folder, "talker").read_text() == "line\n" * 3


def test_a_full_file_is_put_aside_and_no_line_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 100)

    def work() -> None:
        log = redirect_output(folder, "talker")
        for number in range(15):
            print(f"line {number:04}")
            rotate_if_large(log)

    in_a_process(work)
    path = log_path(folder, "talker")
    older = path.with_suffix(".jsonl.1")
    assert older.stat().st_size == 100
    assert older.read_text() + path.read_text() == "".join(f"line {number:04}\n" for number in range(15))


def test_who_notices_second_follows_to_the_new_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 10)
    path = log_path(folder, "talker")

    def work() -> None:
        log = redirect_output(folder, "talker")
        print("0123456789")
        in_a_process(lambda: rotate_if_large(Log(log.path)))  # another environment with the same file
        rotate_if_large(log)
        print("new")

    in_a_process(work)
    assert path.read_text() == "new\n"
    assert path.with_suffix(".jsonl.1").read_text() == "0123456789\n"
