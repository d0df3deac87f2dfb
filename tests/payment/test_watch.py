"""Every call of the provider is one line, and nobody's token or reason is in it."""

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest

from cartwheel.payment.provider import Authorised, Callback, Declined, Outcome, Pending, ProviderTimeout, key_of
from cartwheel.payment.watch import Watched

KEY = key_of("an-order")


class Provider:
    """Answers what it is given, or raises it."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def _said(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def authorise(self, key: str, amount: int, currency: str, token: str | None) -> Outcome:
        assert (key, amount, currency, token) == (KEY, 5, "EUR", "tok_secret")
        return self._said()  # type: ignore[no-any-return]

    def capture(self, key: str) -> None:
        self._said()

    void = refund = capture

    def status(self, key: str) -> Outcome:
        return self._said()  # type: ignore[no-any-return]

    def callbacks(self) -> Iterable[Callback]:
        yield Callback(KEY, Declined("ask alice@example.com"))


def lines(log: io.StringIO) -> list[tuple[Any, ...]]:
    """What they say, and that they say no more."""
    assert "tok_" not in log.getvalue()
    assert "@" not in log.getvalue()
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    assert all(line["orderId"] == "an-order" and line["message"] == "provider called" for line in told)
    return [(line["operation"], line["outcome"]) for line in told]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Authorised("ref"), "authorised"),
        (Declined("ask alice@example.com"), "declined"),
        (Pending("ref"), "pending"),
    ],
)
def test_an_outcome_is_named_and_handed_on(log: io.StringIO, answer: Outcome, outcome: str) -> None:
    assert Watched(Provider(answer)).authorise(KEY, 5, "EUR", "tok_secret") is answer
    assert Watched(Provider(answer)).status(KEY) is answer
    assert lines(log) == [("authorise", outcome), ("status", outcome)]
    assert all(json.loads(line)["milliseconds"] >= 0 for line in log.getvalue().splitlines())


@pytest.mark.parametrize(
    ("failure", "outcome"), [(ProviderTimeout("too late"), "ProviderTimeout"), (ZeroDivisionError(), "failed")]
)
def test_a_failure_is_named_and_raised(log: io.StringIO, failure: Exception, outcome: str) -> None:
    for operation in ("capture", "void", "refund"):
        with pytest.raises(type(failure)):
            getattr(Watched(Provider(failure)), operation)(KEY)
    assert lines(log) == [(operation, outcome) for operation in ("capture", "void", "refund")]


def test_what_has_no_answer_is_done(log: io.StringIO) -> None:
    Watched(Provider()).capture(KEY)
    assert lines(log) == [("capture", "done")]


def test_what_the_provider_tells_by_itself(log: io.StringIO) -> None:
    assert [each.key for each in Watched(Provider()).callbacks()] == [KEY]
    assert lines(log) == [("callback", "declined")]
