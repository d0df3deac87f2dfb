"""Events of every version are read: old ones are brought up to date, newer ones wait for the code that knows them."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from cartwheel.kernel import consumer, environment
from cartwheel.kernel.events import Cause, Envelope, Event, Unreadable
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store
from cartwheel.kernel.unit_of_work import UnitOfWork
from tests.contract.adapters import THINGS
from tests.support.shop import Context

from .weighings import Weighed, Weight, detail
from .world import Overtaken, pack, weight

HALF_A_KILO = Weighed(box="a", weight=Weight(grams=499))
SECRET = "alice@example.com"


class Early(Event, source="test", subject="box"):
    """`Weighed` as code knew it that was deployed before."""

    box: str
    weight: float

    @classmethod
    def detail_type(cls) -> str:
        return "Weighed"


@pytest.mark.parametrize("old", [detail(1, weight=1.1), detail(2, weight=499), detail(3, weight={"grams": 499})])
def test_each_version_is_read(old: dict[str, Any]) -> None:
    before = deepcopy(old)
    assert [Weighed.read(old), Weighed.read(old)] == [HALF_A_KILO] * 2
    assert old == before, "an upcaster changed what may be read again"


def test_the_version_is_one_more_than_the_upcasters() -> None:
    assert (Early.version, Weighed.version) == (1, 3)
    assert Envelope.of(HALF_A_KILO, Cause("1", "1")).detail["metadata"]["version"] == 3


@pytest.mark.parametrize("metadata", [{}, {"metadata": {}}, {"metadata": 5}])
def test_an_event_that_tells_no_version_is_of_the_first(metadata: dict[str, Any]) -> None:
    assert Weighed.read({**metadata, "data": {"box": "a", "weight": 1.1}}) == HALF_A_KILO


@pytest.mark.parametrize("version", [0, -1, True, None, "2", 2.0, SECRET])
def test_a_version_that_is_none_is_refused(version: Any) -> None:
    with pytest.raises(Unreadable, match=r"^test Weighed has a version that is no whole number from 1 up$"):
        Weighed.read(detail(version, weight=1.1))


def test_a_newer_version_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"^test Weighed version 4 .* up to 3; deploy .* then redrive"):
        Weighed.read(detail(4, weight={"grams": 499}))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"metadata": {"version": 3}}, r"version 3 does not fit its schema in data \(model_type\)$"),
        (detail(3), r"version 3 does not fit its schema in weight \(missing\)$"),
        (detail(3, weight={"grams": SECRET}), r"version 3 does not fit its schema in weight.grams \(int_parsing\)$"),
        (detail(3, weight=SECRET), r"version 3 does not fit its schema in weight \(model_type\)$"),
        (detail(2, weight=SECRET), r"version 2 does not fit its schema in weight.grams \(int_parsing\)$"),
        (detail(2), "version 2 cannot be made version 3: KeyError$"),
        (detail(1, weight=SECRET), "version 1 cannot be made version 2: TypeError$"),
        ({"metadata": {"version": 1}, "data": [SECRET]}, "version 1 cannot be made version 2: TypeError$"),
        (detail(3, box=None, weight=5), r"in box \(string_type\), weight \(model_type\)$"),
    ],
)
def test_lesson_malformed_events_say_what_is_wrong_and_quote_nothing(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(Unreadable, match=told) as raised:
        Weighed.read(wrong)
    assert str(raised.value).startswith("test Weighed version ")
    assert SECRET not in str(raised.value)


def test_of_many_wrong_fields_the_first_are_named() -> None:
    class Many(Event, source="test", subject="numbers"):
        numbers: list[int]

    with pytest.raises(Unreadable, match=r"numbers.0 .*, numbers.4 \(int_parsing\) and 995 more$"):
        Many.read({"data": {"numbers": ["x"] * 1000}})


@pytest.mark.parametrize("extra", [{"new": 1}, {"weight": {"grams": 499, "precise": True}}])
def test_fields_of_a_newer_publisher_are_ignored(extra: dict[str, Any]) -> None:
    assert Weighed.read(detail(3, **{"weight": {"grams": 499}} | extra)) == HALF_A_KILO


# In a consumer --------------------------------------------------------------------------------------


def deployed(event_type: type[Event]) -> Inbox:
    inbox = Inbox("scales", THINGS)

    @inbox.on(event_type, "box", "weight")
    def weighed(event: Any, unit: UnitOfWork) -> None:
        pack(unit, event.box, event.weight.grams)

    return inbox


def failed(store: Store, inbox: Inbox, body: str) -> dict[str, str]:
    environment.install(environment.Environment("scales", store, Settings()))
    record = {"messageId": "m", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
    errors: dict[str, str] = consumer.handler(inbox)({"Records": [record]}, Context("scales"))["errors"]
    return errors


def test_a_newer_event_waits_for_the_code_that_knows_it(store: Store) -> None:
    """It fails, which takes it to the dead letters; redriven after the deployment, it has its effect, once."""
    body = json.dumps(Envelope.of(HALF_A_KILO, Cause("1", "1")).to_dict())
    error = failed(store, deployed(Early), body)["m"]
    assert error.startswith("Unreadable: test Weighed version 3 is from the future")
    assert weight(store, "a") == 0
    assert [failed(store, deployed(Weighed), body) for _ in range(2)] == [{}, {}]
    assert weight(store, "a") == 499


def test_an_old_event_has_its_effect_once(store: Store) -> None:
    """Also when another writer was faster, so that it is read again."""
    envelope = replace(Envelope.of(HALF_A_KILO, Cause("1", "1")), detail=detail(1, weight=1.1))
    inbox = deployed(Weighed)
    slow = Overtaken(store, [lambda: _assert(inbox.deliver(store, envelope))])
    assert inbox.deliver(slow, envelope) is False
    assert weight(store, "a") == 499


def _assert(fact: bool) -> None:
    assert fact


def test_a_consumer_can_only_need_what_there_is() -> None:
    with pytest.raises(TypeError, match=r"^scales needs volume of Weighed, which has box, weight$"):
        Inbox("scales", THINGS).on(Weighed, "box", "volume")
