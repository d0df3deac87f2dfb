"""Nobody but the owner and staff reads or changes anything, and the machine that tries would notice."""

from typing import Any, Final

import jwt
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cartwheel.basket.model import Basket
from cartwheel.kernel import cursor, http
from cartwheel.kernel.caller import Caller
from cartwheel.kernel.idempotency import Claim
from cartwheel.kernel.store import InvalidCursor
from cartwheel.local import store
from cartwheel.local.identity import Signer
from cartwheel.ordering import routes, service

from .trespass import Trespass

PACE: Final[dict[str, Any]] = {"deadline": None, "stateful_step_count": 15}

Trespass.TestCase.settings = settings(max_examples=12, suppress_health_check=list(HealthCheck), **PACE)
TestTrespass = Trespass.TestCase

right_claim, right_position = Claim.of, cursor.position


def _of_nobody(_: str, *request: str) -> Claim:
    return right_claim("", *request)


def _of_whatever_list(query: Any) -> list[str]:
    """A cursor's place, in whichever list."""
    try:
        return right_position(query)
    except InvalidCursor:
        return ["~", "~", "~"]


def _unverified(_: Signer, token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


# The check that is missing: where it is, its name, what is there instead.
FAULTS: Final[dict[str, tuple[Any, str, Any]]] = {
    "whose a basket is": (Basket, "belongs_to", lambda *_: True),
    "whose an order is": (service, "check_visible", lambda *_: None),
    "whose list it is": (routes, "_whose", lambda customer: customer or http.caller(routes.app).subject),
    "whose cursor it is": (store, "position", _of_whatever_list),
    "whose key it is": (Claim, "of", _of_nobody),
    "who is staff": (Caller, "is_staff", True),
    "who signed the token": (Signer, "_verified", _unverified),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_missing_check_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: tuple[Any, str, Any]
) -> None:
    monkeypatch.setattr(*fault)
    once = settings(
        max_examples=2000, phases=[Phase.generate], database=None, **PACE
    )  # ends with the first that notices
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Trespass, settings=settings(once, suppress_health_check=list(HealthCheck)))
    capsys.readouterr()
