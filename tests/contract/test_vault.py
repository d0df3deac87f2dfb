"""The vault on every store: who has the key opens, who was forgotten stays so, and nothing passes for another's."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartwheel.kernel import vault
from cartwheel.kernel.cipher import NotAuthentic
from cartwheel.kernel.errors import Erased
from cartwheel.kernel.events import Cause
from cartwheel.kernel.store import Key, Put, Store
from cartwheel.kernel.unit_of_work import UnitOfWork, run

from .adapters import STORES, THINGS, memory_folder

NAME = "Ada Lovelace, 12 St James's Square"
CAUSE = Cause("a story", "a cause")


def sealed(store: Store, owner: str, text: str = NAME, purpose: str = "name") -> str:
    done = run(store, THINGS, CAUSE, lambda unit: vault.seal(unit, owner, purpose, text))
    assert done is not None
    return done


def forget(store: Store, owner: str) -> None:
    store.transact([vault.forget(owner)])


def test_what_is_sealed_can_be_opened_and_shows_nothing(store: Store, pk: str) -> None:
    first, second = sealed(store, pk), sealed(store, pk)
    assert [vault.open_sealed(store, "name", each) for each in (first, second)] == [NAME, NAME]
    assert first != second  # equal texts cannot be told by their seals
    assert "Ada" not in first
    assert vault.owner_of(first) == pk


def test_what_is_not_sealed_is_from_before(store: Store) -> None:
    assert vault.open_sealed(store, "name", NAME) == NAME
    assert vault.owner_of(NAME) is None


def test_once_forgotten_nothing_can_be_opened_nor_sealed_again(store: Store, pk: str) -> None:
    before = sealed(store, pk)
    for _ in range(2):  # whoever forgets again changes nothing
        forget(store, pk)
        assert vault.open_sealed(store, "name", before) is None
        with pytest.raises(Erased):
            sealed(store, pk)
    assert vault.open_sealed(store, "name", before) is None


def test_who_was_never_known_can_be_forgotten(store: Store, pk: str) -> None:
    forget(store, pk)
    with pytest.raises(Erased):
        sealed(store, pk)


def test_a_guests_key_is_made_without_a_look_and_never_over_a_tombstone(store: Store, pk: str) -> None:
    unit = UnitOfWork(store, THINGS, CAUSE)
    text = vault.seal_first(unit, pk, "name", NAME)
    assert vault.seal_first(unit, pk, "name", NAME) != text
    assert len(unit.writes) == 1  # one key for both
    unit.commit()
    assert vault.open_sealed(store, "name", text) == NAME


@pytest.mark.parametrize("rival", [sealed, forget], ids=["twin", "erasure"])
def test_overtaken_between_look_and_write(store: Store, pk: str, rival: Callable[[Store, str], str | None]) -> None:
    """Whoever is first makes the key, or the tombstone; the other one is done again and finds it."""
    overtaking, first = [rival], list[str | None]()

    def work(unit: UnitOfWork) -> str:
        text = vault.seal(unit, pk, "name", NAME)
        unit.write(Put(THINGS, {"PK": pk, "SK": "profile", "name": text}))
        if overtaking:
            first.append(overtaking.pop()(store, pk))
        return text

    if rival is forget:
        with pytest.raises(Erased):
            run(store, THINGS, CAUSE, work)
        assert store.get(THINGS, Key(pk, "profile")) is None
    else:
        second = run(store, THINGS, CAUSE, work)
        assert second
        assert [vault.open_sealed(store, "name", text or "") for text in (*first, second)] == [NAME, NAME]


def test_a_unit_that_fails_leaves_no_key(store: Store, pk: str) -> None:
    unit = UnitOfWork(store, THINGS, CAUSE)
    text = vault.seal(unit, pk, "name", NAME)
    assert vault.open_sealed(store, "name", text) is None
    sealed(store, pk)  # with another key
    with pytest.raises(NotAuthentic):
        vault.open_sealed(store, "name", text)


def test_another_purpose_another_owner_or_a_changed_text_opens_nothing(store: Store, pk: str) -> None:
    mine, theirs = sealed(store, pk), sealed(store, f"{pk}-other")
    payload = mine.rpartition(":")[2]
    wrong = {
        "of another": f"{vault.PREFIX}{vault.owner_of(theirs)}:{payload}",
        "changed": mine[:-6] + ("A" if mine[-6] != "A" else "B") + mine[-5:],
        "cut": mine[:-8],
        "empty": f"{vault.PREFIX}{pk}:",
        "not base64": f"{vault.PREFIX}{pk}:%%%",
    }
    for text in wrong.values():
        with pytest.raises(NotAuthentic) as refusal:
            vault.open_sealed(store, "name", text)
        assert payload[:8] not in str(refusal.value)
    with pytest.raises(NotAuthentic):
        vault.open_sealed(store, "address", mine)


def test_a_key_that_is_copied_to_another_owner_opens_nothing_there(store: Store, pk: str) -> None:
    mine = sealed(store, pk)
    key, other = store.get(vault.TABLE, Key(f"OWNER#{pk}", f"OWNER#{pk}")), f"OWNER#{pk}-other"
    assert key is not None
    store.transact([Put(vault.TABLE, key | {"PK": other, "SK": other})])
    with pytest.raises(NotAuthentic):
        vault.open_sealed(store, "name", mine.replace(pk, f"{pk}-other"))


@pytest.fixture(scope="module")
def sqlite() -> Iterator[Store]:
    with memory_folder() as folder, STORES["sqlite"](folder) as store:
        yield store


OWNERS = st.sampled_from(["ada", "bob", "ada:bob", "sealed:v1:ada", "ada:"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(OWNERS, st.text(max_size=80)), min_size=2, max_size=5))
def test_nobody_opens_what_is_anothers(sqlite: Store, texts: list[tuple[str, str]]) -> None:
    """Whatever is exchanged between sealed texts: each opens to its owner's own text, or not at all."""
    made = [(owner, text, sealed(sqlite, owner, text)) for owner, text in texts]
    for owner, text, mine in made:
        assert (vault.open_sealed(sqlite, "name", mine), vault.owner_of(mine)) == (text, owner)
        for other, _, theirs in made:
            if other != owner:
                with pytest.raises(NotAuthentic):
                    vault.open_sealed(sqlite, "name", f"{vault.PREFIX}{owner}:{theirs.rpartition(':')[2]}")
