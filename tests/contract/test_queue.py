"""Deliver, retry, dead-letter. The queue under test hides for 30 s, receives 3 times, retries after 1 s, 2 s, …"""

from dataclasses import replace

import pytest

from cartwheel.kernel.queue import Failure, Message

from .adapters import QueueUnderTest

HIDDEN = 30


def receive(under_test: QueueUnderTest, most: int = 10) -> list[Message]:
    return under_test.queue.receive(most)


def fail(under_test: QueueUnderTest, *messages: Message, error: str = "it failed") -> None:
    under_test.queue.settle([], [Failure(message.id, error) for message in messages])


def test_messages_are_delivered_with_what_they_carry(queue: QueueUnderTest) -> None:
    queue.queue.send(["one", "two \x00 \U0001f600"])
    messages = receive(queue)
    assert [(message.body, message.receives) for message in messages] == [("one", 1), ("two \x00 \U0001f600", 1)]
    assert all(message.sent_at.isdecimal() for message in messages)
    assert len({message.id for message in messages}) == 2


def test_at_most_as_many_as_asked_for(queue: QueueUnderTest) -> None:
    queue.queue.send([str(number) for number in range(12)])
    assert [len(receive(queue)) for _ in range(3)] == [10, 2, 0]


def test_a_received_message_is_hidden_and_comes_again_when_nobody_settles_it(queue: QueueUnderTest) -> None:
    queue.queue.send(["one"])
    (first,) = receive(queue)
    queue.wait(HIDDEN - 1)
    assert receive(queue) == []
    queue.wait(2)
    assert receive(queue) == [replace(first, receives=2)]


def test_what_is_done_never_comes_again(queue: QueueUnderTest) -> None:
    queue.queue.send(["one", "two"])
    first, _ = receive(queue)
    queue.queue.settle([first.id], [])
    queue.wait(HIDDEN + 1)
    assert [message.body for message in receive(queue)] == ["two"]


def test_a_failure_comes_again_after_a_delay_that_doubles(queue: QueueUnderTest) -> None:
    queue.queue.send(["one"])
    for receives, delay in ((1, 1), (2, 2)):
        (message,) = receive(queue)
        assert message.receives == receives
        fail(queue, message)
        queue.wait(delay - 0.5)
        assert receive(queue) == []
        queue.wait(0.6)
    assert [message.receives for message in receive(queue)] == [3]


def test_lesson_one_failure_reruns_the_whole_batch_of_ten(queue: QueueUnderTest) -> None:
    queue.queue.send([str(number) for number in range(10)])
    *good, bad = receive(queue)
    queue.queue.settle([message.id for message in good], [Failure(bad.id, "bad")])
    queue.wait(HIDDEN + 1)
    assert receive(queue) == [replace(bad, receives=2)]


def test_the_last_failure_makes_a_dead_letter_with_its_error(queue: QueueUnderTest) -> None:
    queue.queue.send(["one"])
    for attempt in range(3):
        assert queue.dead() == []
        fail(queue, *receive(queue), error=f"failure {attempt + 1}")
        queue.wait(10)
    assert receive(queue) == []
    assert queue.dead() == [("one", "failure 3")]


def test_a_message_that_kills_its_consumer_becomes_a_dead_letter(queue: QueueUnderTest) -> None:
    """Nobody ever settles it: the count of its deliveries is enough."""
    queue.queue.send(["poison"])
    for _ in range(3):
        assert len(receive(queue)) == 1
        queue.wait(HIDDEN + 1)
    assert receive(queue) == []
    ((body, error),) = queue.dead()
    assert (body, "died" in error) == ("poison", True)


@pytest.mark.parametrize("body", ["", "{", "not json", "\x00", "[" * 5000], ids=lambda body: ascii(body[:8]))
def test_lesson_malformed_messages_dropped(queue: QueueUnderTest, body: str) -> None:
    """The queue does not look into its messages: a malformed one lives and dies like any other."""
    queue.queue.send([body])
    for _ in range(3):
        fail(queue, *receive(queue))
        queue.wait(10)
    assert [letter for letter, _ in queue.dead()] == [body]


def test_one_poisoned_message_does_not_hold_up_the_others(queue: QueueUnderTest) -> None:
    queue.queue.send(["bad"])
    fail(queue, *receive(queue))
    queue.queue.send(["good"])
    assert [message.body for message in receive(queue)] == ["good"]


def test_a_redriven_letter_is_delivered_as_a_new_message(queue: QueueUnderTest) -> None:
    queue.queue.send(["one", "two"])
    seen = set()
    for _ in range(3):
        messages = receive(queue)
        seen |= {message.id for message in messages}
        fail(queue, *messages)
        queue.wait(10)
    assert queue.redrive() == 2
    assert queue.dead() == []
    again = receive(queue)
    assert [(message.body, message.receives) for message in again] == [("one", 1), ("two", 1)]
    assert seen.isdisjoint(message.id for message in again)
    assert queue.redrive() == 0


def test_a_late_answer_to_what_was_redriven_settles_nothing(queue: QueueUnderTest) -> None:
    """The function that was given up answers after all: the letter's new message is not its own."""
    queue.queue.send(["one"])
    for _ in range(3):
        (message,) = receive(queue)
        queue.wait(HIDDEN + 1)
    assert receive(queue) == []
    assert queue.redrive() == 1
    queue.queue.settle([message.id], [])
    assert [each.body for each in receive(queue)] == ["one"]


def test_ids_are_not_used_again(queue: QueueUnderTest) -> None:
    seen: set[str] = set()
    for _ in range(5):
        queue.queue.send(["one"])
        (message,) = receive(queue)
        assert message.id not in seen
        seen.add(message.id)
        queue.queue.settle([message.id], [])


def test_a_late_success_counts(queue: QueueUnderTest) -> None:
    """The first consumer was slow, the message is with a second one; it is done nevertheless."""
    queue.queue.send(["one"])
    (first,) = receive(queue)
    queue.wait(HIDDEN + 1)
    (second,) = receive(queue)
    queue.queue.settle([first.id], [])
    fail(queue, second)
    queue.wait(HIDDEN + 1)
    assert receive(queue) == []
    assert queue.dead() == []


def test_a_late_failure_neither_loses_nor_doubles_the_message(queue: QueueUnderTest) -> None:
    queue.queue.send(["one"])
    (first,) = receive(queue)
    queue.wait(HIDDEN + 1)
    assert len(receive(queue)) == 1
    fail(queue, first)
    queue.wait(HIDDEN + 1)
    assert [message.receives for message in receive(queue)] == [3]
    assert queue.dead() == []


def test_settling_what_is_not_there_changes_nothing(queue: QueueUnderTest) -> None:
    queue.queue.send(["one"])
    (message,) = receive(queue)
    queue.queue.settle([message.id], [])
    queue.queue.settle([message.id], [Failure(message.id, "late")])
    queue.wait(HIDDEN + 1)
    assert receive(queue) == []
    assert queue.dead() == []
