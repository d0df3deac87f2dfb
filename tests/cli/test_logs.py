import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .shell import Running, cartwheel, end, line_of, start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path


def _write(folder: Path, function: str, *lines: dict[str, Any] | str) -> None:
    with (folder / "logs" / f"{function}.jsonl").open("a") as log:
        log.writelines((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


def _line(second: int, message: str, **facts: Any) -> dict[str, Any]:
    timestamp = f"2026-01-01T00:00:{second:02}.000+00:00"
    return {"timestamp": timestamp, "level": "INFO", "message": message, "service": "cartwheel", **facts}


def _messages(folder: Path, *arguments: str) -> list[str]:
    done = cartwheel("logs", *arguments, "--json", "--data", str(folder))
    assert (done.code, done.err) == (0, "")
    return [line["message"] for line in done.json_lines]


def test_all_functions_are_merged_by_time(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"), _line(4, "d"))
    _write(folder, "two", _line(2, "b"), _line(3, "c"))
    assert _messages(folder) == ["a", "b", "c", "d"]
    assert _messages(folder, "--last", "3") == ["b", "c", "d"]
    assert _messages(folder, "--last", "0") == []
    assert _messages(folder, "two", "--last", "1") == ["c"]


def test_a_line_shows_time_function_level_message_and_the_other_facts(folder: Path) -> None:
    _write(folder, "one", _line(1, "answered", status=200, path="/orders", lines=[1, {"a": 2}]))
    done = cartwheel("logs", "--data", str(folder))
    text = '2026-01-01T00:00:01.000Z one INFO answered status=200 path=/orders lines=[1,{"a":2}]\n'
    assert done.out == text


def test_an_exception_is_shown_line_by_line(folder: Path) -> None:
    _write(folder, "one", _line(1, "failed", exception="Traceback:\n  ValueError", stack_trace={"frames": []}))
    done = cartwheel("logs", "--data", str(folder))
    assert done.out.splitlines()[1:] == ["    Traceback:", "      ValueError"]


def test_what_is_not_json_is_shown_where_it_was_written(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"), "printed \x1b[2J", _line(3, "c"))
    _write(folder, "two", _line(2, "b"))
    assert sorted(_messages(folder)) == ["a", "b", "c", "printed \x1b[2J"]
    assert _messages(folder, "one") == ["a", "printed \x1b[2J", "c"]
    assert "\x1b" not in cartwheel("logs", "--data", str(folder)).out


def test_a_log_without_any_time_is_of_now(folder: Path) -> None:
    _write(folder, "one", "printed")
    told = datetime.fromisoformat(cartwheel("logs", "--data", str(folder)).out.split()[0])
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


def test_grep_finds_text_as_it_is_stored_and_as_it_is_shown(folder: Path) -> None:
    _write(folder, "one", _line(1, "answered", status=200), _line(2, "answered", status=500, id="0197-x"))
    for text in ("0197-x", "status=500", "answered status=500", '"status": 500'):
        assert cartwheel("logs", "--grep", text, "--data", str(folder)).out.count("\n") == 1
    assert _messages(folder, "--grep", "nothing") == []


def test_the_rotated_file_is_part_of_the_log(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"), _line(2, "b"))
    _rotate(folder, "one")
    _write(folder, "one", _line(3, "c"))
    assert _messages(folder) == ["a", "b", "c"]


def _rotate(folder: Path, function: str) -> None:
    path = folder / "logs" / f"{function}.jsonl"
    path.replace(path.with_suffix(".jsonl.1"))


def test_a_long_log_is_read_from_its_end(folder: Path) -> None:
    _write(folder, "one", *(_line(1, f"{number} {'x' * 500}") for number in range(3000)))
    found = [int(message.split()[0]) for message in _messages(folder, "--last", "2500")]
    assert found == list(range(500, 3000))


def test_follow_across_rotation_and_into_new_logs(folder: Path) -> None:
    _write(folder, "one", _line(1, "old"))
    process = start("logs", "--follow", "--last", "1", "--json", "--data", str(folder))
    assert _next(process) == "old"
    with (folder / "logs" / "one.jsonl").open("a") as sleeper:
        _write(folder, "one", _line(2, "before"))
        assert _next(process) == "before"
        _rotate(folder, "one")
        _write(folder, "one", _line(3, "after"))
        assert _next(process) == "after"
        sleeper.write(json.dumps(_line(4, "late, to the rotated file")) + "\n")
    assert _next(process) == "late, to the rotated file"
    _write(folder, "two", _line(5, "a new log"))
    assert _next(process) == "a new log"
    process.send_signal(signal.SIGINT)
    done = end(process)
    assert (done.code, done.out, done.err) == (130, "", "")


def _next(process: Any) -> str:
    return str(json.loads(line_of(process))["message"])


def test_half_a_line_is_told_when_it_is_whole(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"))
    text = json.dumps(_line(2, "b")) + "\n"
    with (folder / "logs" / "one.jsonl").open("a") as log:
        log.write(text[:20])
        log.flush()
        assert _messages(folder) == ["a"]
        log.write(text[20:])
    assert _messages(folder) == ["a", "b"]


def test_the_logs_of_a_shop(running: Running) -> None:
    done = running.cartwheel("logs", "catalog-api", "--grep", "POST", "--last", "1")
    assert " catalog-api INFO answered " in done.out
    assert running.cartwheel("logs", "host", "--json").json_lines[0]["message"] == "starting"


def test_a_function_without_a_log(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"))
    assert cartwheel("logs", "ones", "--data", str(folder)).error == "There is no log of 'ones'; there are one."


def test_a_folder_without_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = cartwheel("logs").error
    assert error == "There are no logs in .cartwheel; start a shop there with `cartwheel up`."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_log_that_may_not_be_read(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"))
    path = folder / "logs" / "one.jsonl"
    path.chmod(0)
    assert cartwheel("logs", "--data", str(folder)).error == f"Permission denied: {path}"


STORY = [
    _line(1, "answered", path="/orders/a-1/cancel", correlationId="c-1", traceId="t-1"),
    _line(2, "handled", orderId="a-1", correlationId="c-1", traceId="t-1"),
    _line(3, "quoted", error="no shelf for a-1", correlationId="c-2", traceId="t-2") | {"level": "WARNING"},
    _line(4, "failed", subject="a-1", correlationId="c-2", traceId="t-2") | {"level": "ERROR"},
    _line(5, "others", orderId="a-12", correlationId="c-12", traceId="t-12"),
]


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (("--order", "a-1"), ["answered", "handled", "failed"]),
        (("--correlation", "c-1"), ["answered", "handled"]),
        (("--trace", "t-2"), ["quoted", "failed"]),
        (("--level", "warning"), ["quoted", "failed"]),
        (("--level", "ERROR"), ["failed"]),
        (("--level", "INFO", "--last", "1"), ["others"]),
        (("--order", "a-1", "--level", "ERROR"), ["failed"]),
        (("--order", "a-1", "--grep", "nothing"), []),
        (("--grep", "no shelf", "--trace", "t-2"), ["quoted"]),
        (("--since", "2026-01-01T00:00:03Z"), ["quoted", "failed", "others"]),
        (("--since", "2026-01-01T01:00:04+01:00", "--until", "2026-01-01T00:00:04"), ["failed"]),
        (("--until", "2026-01-01T00:00:02Z", "--last", "1"), ["handled"]),
        (("--since", "15m"), []),
        (("--since", "90000d"), ["answered", "handled", "quoted", "failed", "others"]),
    ],
    ids=" ".join,
)
def test_what_is_asked_for_has_to_be_so_all_at_once(
    folder: Path, arguments: tuple[str, ...], messages: list[str]
) -> None:
    _write(folder, "one", *STORY[::2])
    _write(folder, "two", *STORY[1::2], "printed by a-1")
    if "--since" not in arguments and "--until" not in arguments:
        assert _messages(folder, *arguments) == messages
    else:
        assert [each for each in _messages(folder, *arguments) if each != "printed by a-1"] == messages


def test_metrics_are_shown_to_who_asks_for_them(folder: Path) -> None:
    _write(folder, "one", _line(1, "a"), _line(2, "metrics", _aws={"CloudWatchMetrics": []}))
    assert _messages(folder, "--last", "1") == ["a"]
    assert _messages(folder, "--last", "1", "--metrics") == ["metrics"]


def test_since_goes_back_beyond_the_usual_number(folder: Path) -> None:
    _write(folder, "one", *(_line(1, f"{number}") for number in range(100)))
    assert len(_messages(folder)) == 50
    assert len(_messages(folder, "--since", "2026-01-01")) == 100
    assert len(_messages(folder, "--since", "2026-01-01", "--last", "3")) == 3


def test_what_comes_is_filtered_too(folder: Path) -> None:
    _write(folder, "one", STORY[0])
    process = start("logs", "--follow", "--order", "a-1", "--json", "--data", str(folder))
    assert _next(process) == "answered"
    _write(folder, "two", *STORY[2:])
    assert _next(process) == "failed"
    process.send_signal(signal.SIGINT)
    assert end(process).out == ""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--since", "yesterday"), "--since 'yesterday' is no moment; give it as 2026-"),
        (("--until", "15x"), "--until '15x' is no moment"),
        (("--since", "999999d"), "--since '999999d' is no moment"),
        (("--level", "loud"), "There is no level 'LOUD'; there are DEBUG, INFO, WARNING, ERROR, CRITICAL."),
        (("--follow", "--until", "1m"), "--follow goes on and --until ends: use one of them."),
    ],
    ids=str,
)
def test_what_cannot_be_asked_for(folder: Path, arguments: tuple[str, ...], error: str) -> None:
    _write(folder, "one", *STORY)
    assert cartwheel("logs", *arguments, "--data", str(folder)).error.startswith(error)
