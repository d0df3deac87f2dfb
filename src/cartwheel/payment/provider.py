"""The provider port: what the shop wants of whoever holds and takes the money.

A charge is named by a key that is derived from the order, `<orderId>:authorise`; every call carries it. Capture, void
and refund each happen at most once per charge, so an adapter can derive from it the idempotency keys its provider
wants (`<orderId>:capture`, …). A repeated call changes nothing and gives the first one's answer: so a call whose
answer was lost is simply made again. An adapter gives up after 20 s at most; the function that calls it has 30.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

_SUFFIX: Final = ":authorise"


@dataclass(frozen=True, slots=True)
class Authorised:
    """The amount is held. `reference` is the provider's name for the charge; a callback need not repeat it."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing is held, and nothing will be. The reason is a phrase a shopper may read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The provider decides later: it calls back, and can be asked."""

    reference: str


Decision = Authorised | Declined
Outcome = Decision | Pending


@dataclass(frozen=True, slots=True)
class Callback:
    """A decision the provider tells of its own accord, perhaps late, perhaps twice."""

    key: str
    decision: Decision


class ProviderError(Exception):
    """There is no answer to go by. The call is repeated later, with the same key. No personal data in the text."""


class ProviderTimeout(ProviderError):
    """No answer in time: whether the call had its effect is unknown."""


class ProviderUnavailable(ProviderError):
    """The provider cannot work now: whether the call had its effect is unknown."""


class ProviderRefused(ProviderError):
    """The charge is in no state for this call: our record is behind, or a person has to look."""


class PaymentProvider(Protocol):
    """Every method may raise ProviderError. Amounts are minor units."""

    def authorise(self, key: str, amount: int, currency: str, token: str | None) -> Outcome:
        """Hold the amount; of all calls with one key, at most one charge comes."""

    def capture(self, key: str) -> None:
        """Take what is held. Raises ProviderRefused when nothing is."""

    def void(self, key: str) -> None:
        """Let go what is held, or stop what is pending. On return nothing is held for the key and nothing ever will
        be: a key the provider does not know is marked, so that an authorise call still on its way is declined.
        Raises ProviderRefused when the charge was captured.
        """

    def refund(self, key: str) -> None:
        """Give back what was captured. Raises ProviderRefused when nothing was."""

    def status(self, key: str) -> Outcome:
        """What became of the charge."""

    def callbacks(self) -> Iterable[Callback]:
        """Decisions that wait to be fetched, some at a time; each counts as told once the next one is asked for.

        For providers that keep such a list. One that calls the webhook instead has nothing to give here.
        """


def key_of(order_id: str) -> str:
    return order_id + _SUFFIX


def order_of(key: str) -> str:
    """The order a key belongs to; empty, which names no order, when it is no key of ours."""
    return key.removesuffix(_SUFFIX) if key.endswith(_SUFFIX) else ""
