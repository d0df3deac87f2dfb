"""What runs beside what: the groups of tests that stay together, and those that are begun first."""

import pytest

from tests.turns import ACCEPTANCE, HOSTS, LONGEST, group

from .checkout import ROOT


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("tests/scenario/test_kill.py::test_a[1-host]", "tests/scenario/test_kill.py"),
        (f"{ACCEPTANCE}/test_pages.py::test_health[stand-in]", f"{ACCEPTANCE} stand-in"),
        (f"{ACCEPTANCE}/test_delivery.py::test_twice[embedded-bus]", f"{ACCEPTANCE} embedded"),
        (f"{ACCEPTANCE}/test_pages.py::test_health[url]", f"{ACCEPTANCE}/test_pages.py"),
    ],
)
def test_a_file_stays_together_and_so_does_what_is_asked_of_a_host(test: str, name: str) -> None:
    assert group(test) == name


def test_what_is_begun_first_is_there() -> None:
    files = LONGEST[len(HOSTS) :]
    assert [name for name in files if not (ROOT / name).is_file()] == []
