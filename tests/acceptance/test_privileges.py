"""Least privilege, proved: a function's every call is allowed by its role, and what is allowed is done."""

import pytest

from .hosts import RECORDED_CALLS, Host
from .privileges import Privileges
from .standin import StandIn

pytestmark = [pytest.mark.slow, pytest.mark.last, pytest.mark.needs(RECORDED_CALLS)]


@pytest.fixture
def privileges(host: Host) -> Privileges:
    assert isinstance(host, StandIn)
    return host.proxy.privileges


def test_no_function_did_what_its_role_does_not_allow(privileges: Privileges) -> None:
    assert privileges.refused == set()


def test_nothing_is_allowed_that_no_function_did(privileges: Privileges, every_case: None) -> None:
    assert privileges.unused() == []
