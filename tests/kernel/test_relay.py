"""Rows are sent in their order, each subject's one after the other; what cannot be sent keeps nothing else back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from cartwheel.kernel.bus import Rejected
from cartwheel.kernel.envelope import Envelope
from cartwheel.kernel.outbox import outbox_row, unsent
from cartwheel.kernel.relay import Relayed, relay
from cartwheel.kernel.store import AccessDenied, Item, Store, StoreError, Write
from tests.contract.adapters import THINGS
from tests.support.store import Wrapped

from .world import FakeBus, Packed, Sent, envelope


def stored(store: Store, *boxes: str) -> list[Item]:
    """A row for each name, with an event for each letter of it; the rows in that order."""
    puts = [outbox_row(THINGS, [envelope(Packed(box=box)) for box in name]) for name in boxes]
    store.transact(puts)
    return [put.item for put in puts]


@dataclass
class MoodyBus(FakeBus):
    """Rejects a subject as often as it is told to; remembers what it was offered at once."""

    moods: dict[str, int] = field(default_factory=dict)
    offers: list[list[str | None]] = field(default_factory=list)

    def publish(self, entries: Sequence[Envelope]) -> list[Rejected]:
        self.offers.append([entry.subject for entry in entries])
        self.rejects = {subject for subject, left in self.moods.items() if left > 0}
        for subject in self.rejects & set(self.offers[-1]):
            self.moods[str(subject)] -= 1
        return super().publish(entries)


def left(store: Store) -> list[str]:
    return sorted("".join(event["detail"]["data"]["box"] for event in row["events"]) for row in unsent(store, THINGS))


def test_rows_of_different_subjects_go_together(store: Store) -> None:
    bus = MoodyBus()
    assert relay(store, bus, THINGS, stored(store, "a", "b", "cd")).sent == 3
    assert bus.offers == [["a", "b", "c", "d"]]
    assert left(store) == []


def test_rows_of_one_subject_go_one_after_the_other(store: Store) -> None:
    bus = MoodyBus()
    assert relay(store, bus, THINGS, stored(store, "a", "ab", "b", "c", "a")).failed == {}
    assert bus.offers == [["a", "c"], ["a", "b"], ["b", "a"]]


def test_what_was_refused_is_offered_again_alone(store: Store) -> None:
    bus = MoodyBus(moods={"b": 2})
    assert relay(store, bus, THINGS, stored(store, "ab", "c"), pauses=(0.001, 0.001)).failed == {}
    assert bus.offers == [["a", "b", "c"], ["b"], ["b"]]
    assert left(store) == []


def test_behind_a_refused_row_those_of_its_subject_wait_and_no_others(store: Store) -> None:
    bus = MoodyBus(moods={"a": 2})
    rows = stored(store, "ax", "b", "a", "b", "xc", "c", "b")
    outcome = relay(store, bus, THINGS, rows, pauses=(0.001,))
    assert outcome.sent == 3
    held = "held back: an earlier event about the same was not taken"
    assert list(outcome.failed.values()) == ["too hot", held, held, held]
    assert list(outcome.failed) == [rows[at]["PK"] for at in (0, 2, 4, 5)]
    assert bus.subjects == ["x", "b", "b", "b"]
    assert left(store) == ["a", "ax", "c", "xc"]
    again = relay(store, bus, THINGS, [row for row in rows if row["PK"] in outcome.failed])
    assert again.failed == {}
    assert bus.subjects[4:] == ["a", "x", "a", "x", "c", "c"]


@pytest.mark.parametrize(
    "events",
    [None, 5, ["x"], [None], [{"id": "1"}], [{"id": "1", "source": "s", "detail-type": "t", "time": "t", "detail": 1}]],
    ids=repr,
)
def test_a_row_that_cannot_be_read_fails_alone(store: Store, events: object) -> None:
    good, bad = stored(store, "a", "b")
    bad["events"] = events
    bus = FakeBus()
    outcome = relay(store, bus, THINGS, [bad, good])
    assert (outcome.sent, list(outcome.failed)) == (1, [bad["PK"]])
    assert bus.subjects == ["a"]


@pytest.mark.parametrize("metadata", [5, {"subject": ["a"]}, {"subject": {}}], ids=repr)
def test_strange_metadata_does_no_harm(store: Store, metadata: object) -> None:
    """Foreign events may have something of their own under that name."""
    good, strange = stored(store, "a", "b")
    strange["events"][0]["detail"]["metadata"] = metadata
    assert relay(store, FakeBus(), THINGS, [strange, good]) == Relayed(2, {})


class KeepsOne(Wrapped):
    """A store that does not delete the first row it is asked to."""

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[StoreError | None]:
        return [AccessDenied("not this one"), *super().transact_each(transactions[1:])]


def test_a_row_that_stays_though_it_was_sent_is_told(store: Store) -> None:
    rows = stored(store, "a", "b")
    bus = FakeBus()
    outcome = relay(KeepsOne(store), bus, THINGS, rows)
    assert outcome.failed == {rows[0]["PK"]: "sent, but not deleted: not this one"}
    assert left(store) == ["a"]


def test_a_row_that_is_gone_already_is_no_failure(store: Store) -> None:
    """Two relays had the same row: the consumers get the same event twice, with one id."""
    rows = stored(store, "a")
    bus = FakeBus()
    assert [relay(store, bus, THINGS, rows).failed for _ in range(2)] == [{}, {}]
    assert len({each.id for each in bus.published}) == 1 < len(bus.published)


def test_nothing_to_send_is_fine(store: Store) -> None:
    assert relay(store, FakeBus(), THINGS, []).sent == 0


def test_events_of_a_row_keep_their_order(store: Store) -> None:
    row = outbox_row(THINGS, [envelope(Packed(box="a")), envelope(Sent(box="a"))]).item
    bus = FakeBus()
    relay(store, bus, THINGS, [row])
    assert [each.detail_type for each in bus.published] == ["Packed", "Sent"]
