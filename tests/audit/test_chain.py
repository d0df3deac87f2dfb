"""The chain: what was written stays as it is, or it shows; and no two entries follow on the same one."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.audit import store
from cartwheel.audit.consumers import trail
from cartwheel.audit.model import BEGINNING, Head, Link, Verifier
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.events import Cause, Envelope
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.staff import Act, StaffActed, canonical, digest
from cartwheel.kernel.store import ConditionFailed
from cartwheel.local.database import FILE
from tests.support.shop import Shop

from .trail import faults, links

SEVEN: Final = 7


def act(who: str = "eve") -> StaffActed:
    return Act(Caller(who, frozenset({"staff"})), "PUT /stock/{sku}", {"sku": "tea"}, new_id()).told()


def written(shop: Shop, number: int = SEVEN) -> None:
    for each in range(number):
        shop.publish(act(f"eve-{each % 2}"))
    shop.drain()


def text_of(seq: int) -> str:
    return store.entry_key(seq).sk


class Intruder:
    """Writes to the database past the shop."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / FILE, isolation_level=None, timeout=5)

    def read(self, sk: str) -> dict[str, Any]:
        row = self._database.execute("SELECT item FROM items_audit WHERE sk = ?", (sk,)).fetchone()
        found: dict[str, Any] = json.loads(row[0])
        return found

    def write(self, sk: str, item: dict[str, Any]) -> None:
        self._database.execute("UPDATE items_audit SET item = ? WHERE sk = ?", (json.dumps(item | {"SK": sk}), sk))

    def delete(self, sk: str) -> None:
        self._database.execute("DELETE FROM items_audit WHERE sk = ?", (sk,))

    def change(self, seq: int, field: str, value: Any) -> None:
        """Something in the text of an entry."""
        item = self.read(text_of(seq))
        item["entry"] = canonical(json.loads(item["entry"]) | {field: value})
        self.write(text_of(seq), item)

    def forge(self, seq: int, **told: Any) -> None:
        """An entry anew, with a hash that is right for it."""
        item = self.read(text_of(seq))
        item["entry"] = canonical(json.loads(item["entry"]) | told)
        item["hash"] = digest(item["entry"])
        self.write(text_of(seq), item)


@pytest.fixture
def intruder(shop: Shop, tmp_path: Path) -> Intruder:
    written(shop)
    assert faults(shop) == []
    return Intruder(tmp_path)


def test_nothing_is_wrong_with_an_empty_chain(shop: Shop) -> None:
    assert shop.request("GET", "/audit/head", token="admin").json == {"seq": 0, "hash": BEGINNING}
    assert faults(shop) == []


FIELDS: Final = ("seq", "previous", "eventId", "recordedAt", "who", "groups", "route", "parameters")
FIELDS_ACTED: Final = ("requestId", "actedAt", "changes")


@pytest.mark.parametrize("field", [*FIELDS, *FIELDS_ACTED, "new"])
def test_a_changed_field_is_named(shop: Shop, intruder: Intruder, field: str) -> None:
    assert set(links(shop)[0].content()) == {*FIELDS, *FIELDS_ACTED}
    intruder.change(4, field, "changed")
    (fault,) = faults(shop)
    assert fault == "entry 4 was changed: its hash is not that of its text"


def test_an_entry_that_was_forged_with_its_hash_is_named(shop: Shop, intruder: Intruder) -> None:
    intruder.forge(4, who="somebody")
    found = faults(shop)
    assert found[0] == "entry 4 was changed: it is listed under another name than its text has"
    assert found[1].startswith("entry 5 does not follow on entry 4")


def test_a_changed_hash_is_named(shop: Shop, intruder: Intruder) -> None:
    intruder.write(text_of(4), intruder.read(text_of(4)) | {"hash": BEGINNING})
    assert faults(shop)[0].startswith("entry 4 was changed")


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_what_is_no_entry_at_all_is_named(shop: Shop, intruder: Intruder, text: str) -> None:
    item = intruder.read(text_of(4)) | {"entry": text, "hash": digest(text)}
    intruder.write(text_of(4), item)
    assert faults(shop)[0].startswith("entry 4 was moved or put in")


def test_a_missing_entry_is_named(shop: Shop, intruder: Intruder) -> None:
    intruder.delete(text_of(4))
    assert faults(shop)[0] == "entry 4 is missing: entry 5 follows on entry 3"


def test_entries_that_changed_places_are_named(shop: Shop, intruder: Intruder) -> None:
    third, fifth = intruder.read(text_of(3)), intruder.read(text_of(5))
    intruder.write(text_of(3), fifth)
    intruder.write(text_of(5), third)
    found = faults(shop)
    assert found[0] == "entry 3 was moved or put in: by its own text it is entry 5"
    assert "entry 5 was moved or put in: by its own text it is entry 3" in found


def test_an_entry_that_was_put_in_is_named(shop: Shop, intruder: Intruder) -> None:
    """In the place of another, and right in itself."""
    head = Head(3, links(shop)[2].hash, "")
    entry = head.next(new_id(), "2026-11-20T00:00:00.000Z", act("eve-1"))
    intruder.write(text_of(4), intruder.read(text_of(4)) | {"entry": entry.text, "hash": entry.hash})
    assert faults(shop)[0].startswith("entry 5 does not follow on entry 4")


@pytest.mark.parametrize("cut", [1, 3, SEVEN])
def test_an_end_that_was_cut_off_is_named(shop: Shop, intruder: Intruder, cut: int) -> None:
    for seq in range(SEVEN - cut + 1, SEVEN + 1):
        intruder.delete(text_of(seq))
    (fault,) = faults(shop)
    assert fault.startswith(f"entry {SEVEN - cut + 1} is missing")
    assert "the end was cut off" in fault


def test_a_head_that_was_taken_away_is_named(shop: Shop, intruder: Intruder) -> None:
    intruder.delete("HEAD")
    assert faults(shop) == ["the head was changed: it names entry 0, and entry 7 is there"]


def test_an_end_that_was_cut_off_with_its_head_shows_only_to_who_kept_it(shop: Shop, intruder: Intruder) -> None:
    kept = links(shop)[-1]
    for seq in (6, 7):
        intruder.delete(text_of(seq))
    fifth = intruder.read(text_of(5))
    head = {name: fifth[name] for name in ("seq", "hash", "recordedAt")}
    intruder.write("HEAD", intruder.read("HEAD") | head)
    assert faults(shop) == []
    (fault,) = faults(shop, (kept.seq, kept.hash))
    assert fault.startswith("entry 6 is missing")
    written(shop, 2)
    assert faults(shop) == []
    (fault,) = faults(shop, (kept.seq, kept.hash))
    assert fault.startswith("entry 7 has another hash")


def test_a_second_delivery_changes_nothing(shop: Shop) -> None:
    envelope = Envelope.of(act(), Cause(new_id(), new_id())).to_dict()
    for _ in range(3):
        shop.deliver("audit-trail", envelope)
    assert len(links(shop)) == 1
    assert links(shop)[0].content()["eventId"] == envelope["id"]


def test_the_head_that_is_logged_is_one_that_is_stored(
    shop: Shop, capsys: pytest.CaptureFixture[str], log: Any
) -> None:
    written(shop, 3)
    logged = [json.loads(line) for line in log.getvalue().splitlines()]
    heads = {(line["seq"], line["hash"]) for line in logged if line["message"] == "audit head"}
    assert heads == {(link.seq, link.hash) for link in links(shop)[:2]}


def test_who_appends_at_the_same_time_appends_behind_each_other(shop: Shop) -> None:
    """Two have read the same head: the second one's transaction fails, and is done again behind the first one's."""
    envelopes = [Envelope.of(act(f"eve-{number}"), Cause(new_id(), new_id())) for number in range(2)]
    prepared = [trail.prepare(shop.store, envelope) for envelope in envelopes]
    assert [refused is None for refused in shop.store.transact_each([each.writes for each in prepared])] == [
        True,
        False,
    ]
    assert trail.deliver(shop.store, envelopes[1])
    assert not trail.deliver(shop.store, envelopes[0])
    assert [link.who for link in links(shop)] == ["eve-0", "eve-1"]
    assert faults(shop) == []


def test_neither_an_entry_nor_the_head_is_written_over(shop: Shop, intruder: Intruder) -> None:
    """Each by a condition of its own: where the other is gone, too."""
    intruder.delete(text_of(SEVEN))
    before = Head(SEVEN - 1, links(shop)[-1].hash, "")
    with pytest.raises(ConditionFailed) as refused:
        shop.store.transact(store.append(before, before.next(new_id(), "", act())))
    assert refused.value.failed == (1,)
    intruder.delete("HEAD")
    with pytest.raises(ConditionFailed) as refused:
        shop.store.transact(store.append(Head(), Head().next(new_id(), "", act())))
    assert refused.value.failed == (0,)


def test_a_page_goes_on_where_the_last_one_ended(shop: Shop) -> None:
    written(shop)
    for limit in (1, 3, 7, 8):
        assert [link.seq for link in links(shop, limit)] == list(range(1, SEVEN + 1))
    assert [link.seq for link in links(shop, 2, "&who=eve-1")] == [2, 4, 6]
    assert links(shop, 2, "&who=nobody") == []


def test_a_range_of_time_is_found(shop: Shop) -> None:
    head = Head()
    for day in (1, 1, 2, 4, 4, 3, 5):  # on the sixth entry, the clock was put back
        entry = head.next(new_id(), f"2026-11-0{day}T12:00:00.000Z", act())
        shop.store.transact(list(store.append(head, entry)))
        head = entry.head
    for start, end, expected in (
        ("2026-11-01", "2026-11-30", [1, 2, 3, 4, 5, 6, 7]),
        ("2026-11-02", "2026-11-04", [3]),
        ("2026-11-03", "2026-11-05", [4, 5, 6]),
        ("2026-11-05", "2026-12-01", [7]),
        ("2026-11-06", "2026-12-01", []),
        ("2026-12-01", "2026-11-01", []),
    ):
        found = links(shop, 2, f"&from={start}T00:00:00Z&to={end}T00:00:00Z")
        assert [link.seq for link in found] == expected, (start, end)
    recorded = [link.content()["recordedAt"] for link in links(shop)]
    assert recorded == sorted(recorded)
    assert faults(shop) == []


@pytest.mark.parametrize("query", ["from=yesterday", "from=0001-01-01T00:00:00Z", "limit=0", "cursor=x", "who="])
def test_what_cannot_be_asked(shop: Shop, query: str) -> None:
    assert shop.request("GET", f"/audit?{query}", token="admin").status == 422


@pytest.mark.parametrize("path", ["/audit", "/audit/head"])
def test_only_admins_read_it(shop: Shop, path: str) -> None:
    assert shop.request("GET", path).status == 401
    for token in ("customer:ada", "staff"):
        assert shop.request("GET", path, token=token).status == 403


def chain(number: int) -> list[Link]:
    found, head = [], Head()
    for each in range(number):
        entry = head.next(f"event-{each}", f"2026-11-20T00:00:0{each % 10}.000Z", act(f"eve-{each % 3}"))
        found.append(Link(entry.seq, entry.who, entry.text, entry.hash))
        head = entry.head
    return found


def verified(found: list[Link], head: tuple[int, str]) -> list[str]:
    verifier = Verifier([head])
    return [*verifier.follow(found), *verifier.end(head[0])]


@given(st.data(), st.integers(1, 12))
def test_whatever_is_done_to_a_chain_shows(data: st.DataObject, number: int) -> None:
    whole = chain(number)
    head = whole[-1].seq, whole[-1].hash
    assert verified(whole, head) == []
    at = data.draw(st.integers(0, number - 1))
    other = data.draw(st.integers(0, number - 1))
    place = data.draw(st.integers(0, max(0, len(whole[at].text) - 1)))
    letter = data.draw(st.characters(codec="utf-8"))

    def numbered(found: list[Link]) -> list[Link]:
        """Each under the number of its place, as whoever moves entries would write them."""
        return [replace(link, seq=seq) for seq, link in enumerate(found, 1)]

    text = whole[at].text
    edited = text[:place] + letter + text[place + 1 :]
    deeds: dict[str, Callable[[], list[Link]]] = {
        "edit": lambda: [*whole[:at], replace(whole[at], text=edited), *whole[at + 1 :]],
        "edit with hash": lambda: [*whole[:at], replace(whole[at], text=edited, hash=digest(edited)), *whole[at + 1 :]],
        "remove": lambda: [*whole[:at], *whole[at + 1 :]],
        "remove and number anew": lambda: numbered([*whole[:at], *whole[at + 1 :]]),
        "repeat": lambda: numbered([*whole[:at], whole[other], *whole[at:]]),
        "move": lambda: numbered([link for link in whole if link is not whole[at]] + [whole[at]]),
        "replace": lambda: [*whole[:at], replace(whole[other], seq=at + 1), *whole[at + 1 :]],
        "cut": lambda: whole[:at],
    }
    deed = data.draw(st.sampled_from(sorted(deeds)))
    found = deeds[deed]()
    assert (verified(found, head) == []) is (found == whole)
