"""The audit of dependencies looks at every lock, and takes nothing for sound that it could not look at."""

from collections.abc import Sequence
from datetime import date

import pytest

from infra.audit import ACCEPTED, Expired, accepted, audit
from tests.project.test_locks import LOCKS

TODAY = date(2027, 1, 15)
ENTRY = '[GHSA-1]\nreason = "not reached"\nuntil = 2027-01-15\n'


def test_every_lock_is_looked_at() -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> int:
        asked.append(command)
        return 0

    assert audit(run, ENTRY, TODAY) == 0
    *pip, npm = asked
    assert {command[-1].rpartition("/")[2] for command in pip} == {f"{name}.txt" for name in LOCKS}
    for command in pip:
        assert "--strict" in command  # without it, a package that the registry tells nothing of passes
        assert command[command.index("--ignore-vuln") + 1] == "GHSA-1"
    assert npm[1] == "audit"


@pytest.mark.parametrize("code", [1, 2])
def test_one_that_ends_badly_is_counted(code: int) -> None:
    assert audit(lambda command: code if "runtime.txt" in command[-1] else 0, "", TODAY) == 1


def test_what_is_accepted_is_accepted_for_a_while() -> None:
    assert accepted(ENTRY, TODAY) == ["GHSA-1"]
    with pytest.raises(Expired, match="GHSA-1 was accepted until 2027-01-15"):
        accepted(ENTRY, date(2027, 1, 16))
    with pytest.raises(KeyError):
        accepted("[GHSA-1]\nuntil = 2027-01-15\n", TODAY)


def test_the_file_can_be_read() -> None:
    accepted(ACCEPTED.read_text(), date(2000, 1, 1))
