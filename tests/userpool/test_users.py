"""The port `Users` here: from another process than the host's, and only for who declares it."""

from contextlib import closing
from pathlib import Path

import pytest

from cartwheel.kernel.identity import NoUsers
from cartwheel.kernel.store import AccessDenied
from cartwheel.local import mailbox
from cartwheel.local.userpool import accounts, sign_ins
from cartwheel.local.userpool.accounts import Account, LocalUsers
from cartwheel.local.userpool.database import connect, transaction


def test_nothing_of_a_deleted_account_is_left(folder: Path) -> None:
    account = Account.new("ann@example.com", "a hash", {"name": "Ann"})
    with closing(connect(folder)) as here, closing(connect(folder)) as there:
        with transaction(here):
            accounts.add(here, account)
            accounts.join(here, account.sub, "staff")
            mailbox.put(here, "code-confirm", "ann@example.com", ("Your code", "123456"))
            sign_in, refresh = sign_ins.start(here, account.sub)
        users = LocalUsers(there)
        for _ in range(2):  # also a second time
            users.delete(account.sub)
        users.delete("nobody")
        assert accounts.find(here, account.sub) is None
        assert sign_ins.find(here, refresh) is None
        assert sign_ins.is_ended(here, sign_in.origin_jti)
    for path in folder.glob("identity.sqlite*"):
        assert b"ann@example.com" not in path.read_bytes()


def test_who_has_not_declared_it_may_not() -> None:
    with pytest.raises(AccessDenied, match="this function has not declared 'identity'"):
        NoUsers().delete("ann")


def test_the_file_is_for_its_owner_alone(folder: Path) -> None:
    connect(folder).close()
    assert (folder / "identity.sqlite").stat().st_mode & 0o777 == 0o600


def test_what_has_expired_is_wiped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account.new("ann@example.com", "a hash", {})
    with closing(connect(folder)) as here:
        with transaction(here):
            accounts.add(here, account)
            mailbox.put(here, "code-confirm", "ann@example.com", ("Your code", "123456"))
        now = account.created_at
        monkeypatch.setattr("time.time", lambda: now + 86401.0)
        assert mailbox.newest(here, 10) == []
        mailbox.prune(here)
        accounts.prune(here)
        assert accounts.find(here, "Ann@Example.com") == account
        monkeypatch.setattr("time.time", lambda: now + 8 * 86400.0)
        accounts.prune(here)
        assert accounts.find(here, account.sub) is None
