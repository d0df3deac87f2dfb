import json
import signal
import time
from collections.abc import Iterator

import pytest

from cartwheel.cli.commands.redrive import Pace
from tests.support.letters import bury, forget, make_older

from .shell import Running, end

QUEUE = "inventory-events"
NONE = "There are no dead letters.\n"


@pytest.fixture
def letters(running: Running) -> Iterator[list[int]]:
    """Dead letters whose events were handled long ago, and one that is no event."""
    event = running.cartwheel("events", "tail", "--last", "1", "--type", "StockCounted", "--json").out
    dead = [(event, f"Boom: {number} is too much") for number in range(120)]
    yield bury(running.folder, QUEUE, [*dead, ("\x1b[2Jbroken", "Bang: \x1b[2J")])
    forget(running.folder)


def test_there_are_none(running: Running) -> None:
    assert running.cartwheel("dead-letters").out == NONE
    assert running.cartwheel("dead-letters", "--json").json == {"items": [], "letters": 0, "causes": 0}
    assert running.cartwheel("dead-letters", "list").out == NONE
    assert running.cartwheel("dead-letters", "list", "--json").json == {"items": [], "next": None}
    assert running.cartwheel("dead-letters", "redrive", "--all").out == NONE
    assert running.cartwheel("dead-letters", "redrive", "--all", "--json").json == {"redriven": 0, "refused": []}


def test_without_a_command_they_are_grouped_by_cause(running: Running, letters: list[int]) -> None:
    done = running.cartwheel("dead-letters")
    assert (done.code, done.err) == (0, "")
    first, reason, times, gap, second, *_, last = done.out.splitlines()
    assert first.split("  ")[1:] == ["120 letters", QUEUE, "StockCounted"]
    assert (reason.strip(), gap) == ("Boom: … is too much", "")
    assert times.endswith(f", for example {letters[119]}")
    assert second.split("  ")[1:] == ["1 letter", QUEUE, "no event"]
    assert last == "121 dead letters of 2 causes"
    cause = first.split()[0]
    found = running.cartwheel("dead-letters", "--json").json
    assert [item["letters"] for item in found["items"]] == [120, 1]
    assert found["items"][0]["cause"] == cause
    listed = running.cartwheel("dead-letters", "list", "--cause", cause, "--limit", "100", "--json").json["items"]
    assert [item["id"] for item in listed] == letters[:100]


def test_the_list_is_bounded_and_goes_on_where_it_ended(running: Running, letters: list[int]) -> None:
    done = running.cartwheel("dead-letters", "list")
    assert (done.code, done.err) == (0, f"There are more: --cursor {letters[49]} goes on.\n")
    words = [line.split() for line in done.out.splitlines()]
    assert words[0] == ["id", "queue", "event", "age", "error"]
    assert [int(each[0]) for each in words[1:]] == letters[:50]
    seen: list[int] = []
    arguments: list[str] = []
    while arguments[-1:] != ["None"]:
        page = running.cartwheel("dead-letters", "list", "--json", *arguments).json
        seen += [item["id"] for item in page["items"]]
        arguments = ["--cursor", str(page["next"])]
    assert seen == letters


def test_the_list_has_filters(running: Running, letters: list[int]) -> None:
    placed = {"detail-type": "OrderPlaced", "detail": {"data": {"orderId": "an-order"}}}
    (other,) = bury(running.folder, "payment-events", [(json.dumps(placed), "Boom")])
    for filters in (("--queue", "payment-events"), ("--order", "an-order"), ("--type", "OrderPlaced")):
        found = running.cartwheel("dead-letters", "list", "--json", *filters).json["items"]
        assert [item["id"] for item in found] == [other], filters
    assert running.cartwheel("dead-letters", "list", "--queue", "catalog-import").out == NONE
    assert running.cartwheel("dead-letters", "list", "--type", "OrderPlaced", "--order", "another").out == NONE


def test_what_others_wrote_does_not_steer_the_terminal(running: Running, letters: list[int]) -> None:
    last = str(letters[-1])
    for arguments in ((), ("list", "--cursor", str(letters[-2])), ("show", last), ("show", last, "--json")):
        out = running.cartwheel("dead-letters", *arguments).out
        assert "Bang" in out
        assert "\x1b" not in out


def test_show(running: Running, letters: list[int]) -> None:
    done = running.cartwheel("dead-letters", "show", str(letters[7]))
    assert (done.code, done.err) == (0, "")
    assert f"queue     {QUEUE}\nevent     StockCounted\nerror     Boom: 7 is too much\nreceives  5\n" in done.out
    assert "  Boom: 7 is too much\n\n{" in done.out  # the history, then the event
    assert '"detail-type": "StockCounted"' in done.out
    whole = running.cartwheel("dead-letters", "show", str(letters[7]), "--json").json
    assert (whole["id"], whole["function"], whole["receives"], whole["redrives"]) == (letters[7], QUEUE, 5, 0)
    assert [entry["error"] for entry in whole["history"]] == ["Boom: 7 is too much"]
    assert whole["body"]["detail-type"] == "StockCounted"
    assert whole["correlationId"] == whole["body"]["detail"]["metadata"]["correlationId"]
    broken = running.cartwheel("dead-letters", "show", str(letters[-1]), "--json").json
    assert (broken["body"], broken["type"]) == ("\x1b[2Jbroken", None)


def test_redrive_of_some_then_of_their_queue(running: Running, letters: list[int]) -> None:
    last, first, second = map(str, (letters[-1], letters[0], letters[1]))
    assert running.cartwheel("dead-letters", "redrive", last, "--json").json == {"redriven": 1, "refused": []}
    assert running.cartwheel("dead-letters", "redrive", first).out == "1 dead letter is back on its queue.\n"
    assert running.cartwheel("dead-letters", "redrive", first, second, first, "--rate", "500/s").out.startswith("1 ")
    done = running.cartwheel("dead-letters", "redrive", "--queue", QUEUE, "--rate", "500/s")
    assert (done.code, done.out) == (0, "118 dead letters are back on their queues.\n")
    assert running.cartwheel("dead-letters", "list", "--json").json["items"] == []
    lines = running.cartwheel("logs", "host", "--last", "1").out
    assert f"redrive of {QUEUE} is done: 118 redriven, 0 refused" in lines


def test_redrive_of_a_cause(running: Running, letters: list[int]) -> None:
    rare = running.cartwheel("dead-letters", "--json").json["items"][-1]
    assert running.cartwheel("dead-letters", "redrive", "--cause", rare["cause"]).out.startswith("1 dead letter ")
    assert running.cartwheel("dead-letters", "--json").json["causes"] == 1
    assert running.cartwheel("dead-letters", "redrive", "--cause", "everything").error.startswith(
        "query.cause: must be"
    )


def test_a_redrive_keeps_its_rate_and_tells_how_far_it_is(running: Running, letters: list[int]) -> None:
    began = time.monotonic()
    done = running.cartwheel("dead-letters", "redrive", "--queue", QUEUE, "--rate", "50/s")
    assert 2.2 < time.monotonic() - began < 6
    assert (done.code, done.out) == (0, "121 dead letters are back on their queues.\n")
    assert "of 121, " in done.err
    assert done.err.startswith("Redriving: ")


def test_an_interrupted_redrive_leaves_the_rest_as_it_was(running: Running, letters: list[int]) -> None:
    process = running.start("dead-letters", "redrive", "--all", "--rate", "10/s", "--json")
    while running.cartwheel("dead-letters", "--json").json["letters"] > 110:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    done = end(process)
    assert done.code == 130
    assert "Interrupted: the others stay dead letters." in done.err
    redriven = done.json["redriven"]
    assert 0 < redriven < 60
    assert running.cartwheel("dead-letters", "--json").json["letters"] == 121 - redriven
    rest = running.cartwheel("dead-letters", "redrive", "--all", "--rate", "500/s").out
    assert rest == f"{121 - redriven} dead letters are back on their queues.\n"


def test_what_is_too_old_stays_and_is_told(running: Running, letters: list[int]) -> None:
    make_older(running.folder, days=19)
    done = running.cartwheel("dead-letters", "redrive", "--all", "--rate", "500/s")
    assert (done.code, done.out) == (1, "0 dead letters are back on their queues.\n")
    assert done.err.startswith(f"Not redriven: {letters[0]} (first sent so long ago")
    assert done.err.endswith(", …\n")
    assert len(done.err) < 2000
    assert running.cartwheel("dead-letters", "--json").json["letters"] == 121


def test_one_that_is_not_there(running: Running, letters: list[int]) -> None:
    for command in ("show", "redrive"):
        assert running.cartwheel("dead-letters", command, "7").error == "There is no dead letter 7."
    for rate in ("5/s", "500/s"):  # each by itself, or both at once
        done = running.cartwheel("dead-letters", "redrive", "7", str(letters.pop()), "--rate", rate)
        assert (done.code, done.out) == (1, "1 dead letter is back on its queue.\n")
        assert done.err == "Not redriven: 7 (there is no such dead letter)\n"


def test_a_queue_that_is_not_there(running: Running) -> None:
    for arguments in (("list",), ("redrive",)):
        error = running.cartwheel("dead-letters", *arguments, "--queue", "queue").error
        assert error.startswith("query.queue: there is no queue of that name; there are catalog-import, ")


def test_options_stand_behind_the_command(running: Running) -> None:
    done = running.cartwheel("dead-letters", "--json", "list")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Invalid value: say options behind `list`; see `cartwheel dead-letters --help`.\n"


@pytest.mark.parametrize(
    ("rate", "pace"),
    [
        ("10/s", Pace(2, 0.2)),
        ("10", Pace(2, 0.2)),
        ("500/s", Pace(100, 0.2)),
        ("1/s", Pace(1, 1.0)),
        ("30/min", Pace(1, 2.0)),
    ],
)
def test_a_rate_is_a_pace_in_steps(rate: str, pace: Pace) -> None:
    assert Pace.of(rate) == pace


@pytest.mark.parametrize("rate", ["", "0", "0/s", "501/s", "-1/s", "10/h", "1.5/s", "10 /s", "fast", "٣/s", "9" * 9])
def test_what_is_no_rate(rate: str) -> None:
    with pytest.raises(ValueError, match="is not a rate such as"):
        Pace.of(rate)
