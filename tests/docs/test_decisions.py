"""The decisions are numbered without a gap, and each says what it has to say."""

import re

import pytest

from .blocks import ROOT

DECISIONS = sorted((ROOT / "docs/adr").glob("*.md"))
PARTS = ["Context", "Decision", "Alternatives", "Consequences", "Way back"]


def test_the_numbers_have_no_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("number", range(1, len(DECISIONS) + 1))
def test_a_decision_has_its_parts(number: int) -> None:
    title, *_ = text = DECISIONS[number - 1].read_text().splitlines()
    assert title.startswith(f"# {number}. ")
    bold = re.findall(r"^\*\*([\w ]+?)[.,]", "\n".join(text), re.MULTILINE)
    assert [part for part in bold if part in PARTS] == PARTS
