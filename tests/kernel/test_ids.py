import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.kernel.clock import now
from cartwheel.kernel.ids import is_id, is_sealed, is_synthetic, minted_at, new_id, sealed_id

MINTERS = [new_id, lambda: sealed_id("key")]


@pytest.mark.parametrize("mint", MINTERS)
def test_an_id_is_a_uuid_of_version_7(mint: Callable[[], str]) -> None:
    for _ in range(200):
        minted = UUID(mint())
        assert (minted.version, minted.variant) == (7, "specified in RFC 4122")


@pytest.mark.parametrize("mint", MINTERS)
def test_ids_are_in_the_order_of_time_and_never_the_same(mint: Callable[[], str]) -> None:
    ids = []
    for _ in range(20):
        ids.append(mint())
        time.sleep(0.0015)
    assert ids == sorted(ids)
    assert len({mint() for _ in range(5000)}) == 5000


@pytest.mark.parametrize("mint", MINTERS)
def test_an_id_tells_when_it_was_minted(mint: Callable[[], str]) -> None:
    assert abs(minted_at(mint()) - now()) < timedelta(seconds=1)


def test_the_moment_of_a_known_id() -> None:
    assert minted_at("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_a_sealed_id_is_known_by_its_key_alone() -> None:
    sealed = sealed_id("key")
    assert is_sealed(sealed, "key")
    assert not is_sealed(sealed, "other")
    assert not is_sealed(sealed, "")
    assert not is_sealed(new_id(), "key")


@given(st.integers(0, 35), st.sampled_from("0123456789abcdefABCDEF-g٣ "))
def test_a_sealed_id_with_another_character_is_not_known(position: int, character: str) -> None:
    sealed = sealed_id("key")
    tampered = sealed[:position] + character + sealed[position + 1 :]
    assert is_sealed(tampered, "key") is (tampered == sealed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "\ud800",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
        "٠17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    ],
    ids=ascii,
)
def test_only_the_canonical_form_is_an_id(text: str) -> None:
    assert not is_id(text)
    assert not is_sealed(text, "key")


@given(st.text())
def test_any_text_can_be_asked(text: str) -> None:
    assert not is_sealed(text, "key")


def test_a_synthetic_id_is_of_version_8_and_sealed_as_others_are() -> None:
    minted = sealed_id("key", synthetic=True)
    assert (UUID(minted).version, UUID(minted).variant) == (8, "specified in RFC 4122")
    assert is_synthetic(minted)
    assert is_sealed(minted, "key")
    assert not is_sealed(minted[:14] + "7" + minted[15:], "key")
    assert abs(minted_at(minted) - now()) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "text",
    [None, "", "8" * 36, "order-of-mine-8", new_id(), sealed_id("key")],
    ids=["none", "empty", "eights", "foreign", "id", "sealed"],
)
def test_nothing_else_is_synthetic(text: str | None) -> None:
    assert not is_synthetic(text)
