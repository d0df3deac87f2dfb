"""The runbook is true: its commands work, and what it backs up can be restored."""

import re

import httpx
import pytest

from tests.support.running import running_shop

from .blocks import ROOT, shape, steps
from .checkout import Checkout

RUNBOOK = ROOT / "docs/runbook.md"


@pytest.mark.slow
def test_every_command_of_the_runbook_prints_what_it_says(fresh: Checkout) -> None:
    written = steps(RUNBOOK)
    for step, printed in zip(written, fresh.run(written), strict=True):
        assert shape(step.printed or "").fullmatch(printed), f"{step.commands}\n{printed}"
    _restored_shop_knows_the_products(fresh)


def _restored_shop_knows_the_products(fresh: Checkout) -> None:
    with running_shop(fresh.folder / "restored") as restored:
        products = [httpx.get(f"{url}/products").json()["items"] for url in (fresh.url, restored.url)]
    assert products[0]
    assert products[0] == products[1]


def test_every_problem_is_in_the_runbook() -> None:
    assert _first_cells("docs/runbook.md", "What an error means") == _first_cells("docs/api.md", "Problems")


def _first_cells(document: str, heading: str) -> set[str]:
    """What the tables of the section name in their first column."""
    section = (ROOT / document).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall("`(.+?)`", cell)}
