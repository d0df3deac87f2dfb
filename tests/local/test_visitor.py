"""Whom a request is counted for: an address that nobody can choose, except where a trusted proxy names it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.local.visitor import Proxies

TRUSTED = "127.0.0.1 10.0.0.0/8 fd00::/8"


def client(peer: str, forwarded: str = "", trusted: str = TRUSTED) -> tuple[str, str]:
    visitor = Proxies(trusted).visitor(peer, {"x-forwarded-for": forwarded} if forwarded else {})
    return visitor.address, visitor.client


@pytest.mark.parametrize(
    ("peer", "address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("127.0.0.1", "127.0.0.1", ""),
        ("127.8.9.1", "127.8.9.1", ""),
        ("::1", "::1", ""),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", ""),
    ],
)
def test_who_asks_directly(peer: str, address: str, counted: str) -> None:
    assert client(peer, trusted="") == (address, counted)


@pytest.mark.parametrize("peer", ["203.0.113.7", "127.0.0.1"])
def test_nobody_else_is_believed(peer: str) -> None:
    assert client(peer, "198.51.100.1", trusted="") == client(peer, trusted="")
    assert client("203.0.113.7", "198.51.100.1") == ("203.0.113.7", "203.0.113.7")


@pytest.mark.parametrize(
    ("forwarded", "named"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),  # the left one is what the caller wrote itself
        ("127.0.0.1,203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.1.2.3", "203.0.113.7"),  # two proxies of ours
        ("203.0.113.7 , fd00::1, 10.1.2.3", "203.0.113.7"),
        ("nonsense", "127.0.0.1"),
        ("203.0.113.7, nonsense", "127.0.0.1"),
        (" , ", "127.0.0.1"),
        ("203.0.113.7:1234", "127.0.0.1"),
    ],
)
def test_a_trusted_proxy_names_whom_it_heard(forwarded: str, named: str) -> None:
    assert client("127.0.0.1", forwarded)[0] == named


def test_who_was_forwarded_is_never_this_machine() -> None:
    """However a proxy names it: only who asks directly could as well stop the shop."""
    for forwarded in ("::1", "127.0.0.2", "203.0.113.7"):
        assert client("127.0.0.1", forwarded)[1] != ""
    assert client("127.0.0.1")[1] == ""


def test_neighbours_in_an_ipv6_network_are_one_client() -> None:
    proxies = Proxies("127.0.0.1")
    seen = {
        proxies.visitor("127.0.0.1", {"x-forwarded-for": f"2001:db8:0:1::{number:x}"}).client for number in range(100)
    }
    assert seen == {"2001:db8:0:1::/64"}


def test_tls_is_what_a_trusted_proxy_says() -> None:
    headers = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
    assert Proxies(TRUSTED).visitor("127.0.0.1", headers).secure
    assert not Proxies("").visitor("127.0.0.1", headers).secure
    assert not Proxies(TRUSTED).visitor("203.0.113.9", headers).secure


@given(st.text())
def test_whatever_it_says(forwarded: str) -> None:
    address, counted = client("127.0.0.1", forwarded)
    assert address
    assert (counted == "") == (address == "127.0.0.1")
