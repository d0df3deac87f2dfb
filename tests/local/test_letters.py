"""Dead letters: their causes, their history, and their way back."""

from pathlib import Path

import pytest

from cartwheel.local.database import open_for_reading
from cartwheel.local.letter_pages import causes, page
from cartwheel.local.letters import NO_ANSWER, REMEMBERED_ENTRIES, Selection
from tests.support.letterbox import RED, Letterbox, event


def test_every_failed_delivery_is_in_the_history_with_its_time(letterbox: Letterbox) -> None:
    letterbox.send("one")
    moments = []
    for error in ("first", "second"):
        moments.append(letterbox.clock.now)
        letterbox.fail(letterbox.receive(), error)
        letterbox.clock.wait(20_000)
    moments.append(letterbox.clock.now)
    letterbox.receive()  # and nobody answers
    letterbox.clock.wait(40_000)
    assert letterbox.receive() == []
    (letter,) = letterbox.letters()
    assert (letter["error"], letter["receives"], letter["redrives"]) == (NO_ANSWER, 3, 0)
    history = letterbox.whole(letter["id"])["history"]
    assert [entry["error"] for entry in history] == ["first", "second", NO_ANSWER]
    assert [entry["at"] for entry in history] == sorted({entry["at"] for entry in history})
    assert history[-1]["at"] < letter["diedAt"]


def test_what_nobody_answered_is_in_the_history_in_its_place(letterbox: Letterbox) -> None:
    letterbox.send("one")
    letterbox.receive()
    letterbox.clock.wait(40_000)
    for error in ("second", "third"):
        letterbox.fail(letterbox.receive(), error)
        letterbox.clock.wait(20_000)
    (letter,) = letterbox.letters()
    history = letterbox.whole(letter["id"])["history"]
    assert [entry["error"] for entry in history] == [NO_ANSWER, "second", "third"]


def test_what_fails_again_comes_back_with_its_history(letterbox: Letterbox) -> None:
    letterbox.send("one")
    letterbox.bury("before")
    (first,) = letterbox.letters()
    redriven_at = letterbox.clock.now
    assert [each[:2] for each in letterbox.step(Selection(ids=(first["id"],))).sent] == [(first["id"], RED)]
    letterbox.bury("after")
    (second,) = letterbox.letters()
    assert second["id"] != first["id"]
    assert (second["receives"], second["redrives"], second["firstSentAt"]) == (3, 1, first["firstSentAt"])
    assert second["sentAt"] > first["sentAt"]
    history = letterbox.whole(second["id"])["history"]
    assert [entry.get("error") for entry in history] == ["before"] * 3 + [None] + ["after"] * 3
    assert history[3]["redrivenBy"] == "the-staff"
    assert history[2]["at"] < history[3]["at"] <= history[4]["at"]
    assert letterbox.clock.now > redriven_at


def test_the_history_is_bounded(letterbox: Letterbox) -> None:
    letterbox.send("one")
    for number in range(20):
        letterbox.bury(f"error {number}")
        letterbox.step(Selection())
    letterbox.bury("the last")
    (letter,) = letterbox.letters()
    assert letter["redrives"] == 20
    history = letterbox.whole(letter["id"])["history"]
    assert len(history) == REMEMBERED_ENTRIES
    assert history[-1]["error"] == "the last"


def test_causes_are_counted_the_most_frequent_first(letterbox: Letterbox) -> None:
    letterbox.send(*map(event, range(3)))
    letterbox.send("no event")
    ids = letterbox.receive()
    for _ in range(2):
        letterbox.fail(ids, "not yet")
        letterbox.clock.wait(20_000)
        letterbox.receive()
    for number, each in enumerate(ids):
        letterbox.fail([each], f"Boom: order-{number} has {number} pieces")
        letterbox.clock.wait(1000)
    found = causes(letterbox.connection, None)
    assert (found["letters"], found["causes"]) == (4, 2)
    first, second = found["items"]
    assert (first["letters"], first["type"], first["error"]) == (3, "Red", "Boom: … has … pieces")
    assert first["first"] < first["last"]
    assert (second["letters"], second["type"]) == (1, None)
    assert letterbox.whole(first["example"])["cause"] == first["cause"]
    assert causes(letterbox.connection, "all-things") == {"items": [], "letters": 0, "causes": 0}
    selected, _ = page(letterbox.connection, Selection(cause=first["cause"]), 0, 100)
    assert [letter["orderId"] for letter in selected] == ["order-0", "order-1", "order-2"]


@pytest.mark.parametrize(
    ("selection", "orders"),
    [
        (Selection(queue=RED), ["order-0", "order-1"]),
        (Selection(queue="all-things"), ["order-2"]),
        (Selection(order_id="order-1"), ["order-1"]),
        (Selection(event_type="Blue"), ["order-2"]),
        (Selection(queue=RED, event_type="Blue"), []),
        (Selection(cause="00000000"), []),
    ],
    ids=str,
)
def test_a_selection_is_what_all_of_it_applies_to(
    letterbox: Letterbox, selection: Selection, orders: list[str]
) -> None:
    letterbox.send(event(0), event(1))
    letterbox.bury()
    letterbox.send(event(2, "Blue"), queue="all-things")
    letterbox.bury(queue="all-things")
    assert [letter["orderId"] for letter in page(letterbox.connection, selection, 0, 100)[0]] == orders
    assert len(letterbox.step(selection).sent) == len(orders)
    assert len(letterbox.waiting()) == len(orders)


def test_pages_and_steps_neither_repeat_nor_miss(letterbox: Letterbox) -> None:
    letterbox.send(*map(str, range(7)))
    letterbox.bury()
    seen: list[int] = []
    more = True
    while more:
        items, more = page(letterbox.connection, Selection(), seen[-1] if seen else 0, 3)
        seen += [item["id"] for item in items]
    assert seen == sorted(set(seen))
    assert len(seen) == 7
    after: int | None = 0
    sent = []
    while after is not None:
        done = letterbox.step(Selection(), after, seen[-1], 3)
        sent += [each.number for each in done.sent]
        after = done.last
    assert sent == seen


def test_what_dies_again_during_a_redrive_is_not_part_of_it(letterbox: Letterbox) -> None:
    letterbox.send("a", "b")
    letterbox.bury()
    until = letterbox.letters()[-1]["id"]
    first = letterbox.step(Selection(), 0, until, 1)
    letterbox.bury()  # what was just redriven dies again
    assert first.last is not None
    second = letterbox.step(Selection(), first.last, until, 1)
    assert (len(second.sent), letterbox.waiting()) == (1, ["b"])
    assert letterbox.step(Selection(), second.last or 0, until, 1).sent == []
    assert [each["redrives"] for each in letterbox.letters()] == [1]


def test_a_crash_in_the_middle_of_a_step_leaves_all_as_it_was(letterbox: Letterbox, folder: Path) -> None:
    letterbox.send(*map(event, range(10)))
    letterbox.bury()
    before = letterbox.letters()
    for crash_after in range(1, 10):
        with pytest.raises(ZeroDivisionError):
            letterbox.redrive_and_crash(crash_after)
        assert letterbox.letters() == before
        assert letterbox.waiting() == []
        assert letterbox.engine.backlog == 0
    letterbox.step(Selection(), most=4)
    reader = open_for_reading(folder)  # what a host would find that starts now
    everywhere = "SELECT body FROM dead_letters UNION ALL SELECT body FROM messages"
    assert sorted(body for (body,) in reader.execute(everywhere)) == sorted(map(event, range(10)))
    reader.close()
    assert letterbox.engine.backlog == 4
