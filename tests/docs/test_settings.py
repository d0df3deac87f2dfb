"""Every variable is described with its default, and what is described is a variable."""

import re
from dataclasses import fields

from cartwheel.kernel.settings import Settings
from tests.project.checkout import PACKAGE, files

from .blocks import ROOT

OF_THE_TESTS = {"CARTWHEEL_TEST_DYNAMODB", "CARTWHEEL_STAFF_TOKEN", "CARTWHEEL_CUSTOMER_TOKEN"}
MADE = {"seal_key", "webhook_secret"}  # the host makes them, so nobody meets their default

TABLES = re.findall(r"^\| `(CARTWHEEL_\w+)` \|(.*?)\|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
ROWS = {name: default.strip() for name, default in TABLES}


def test_the_settings_have_their_defaults() -> None:
    described = {name: row for name, row in ROWS.items() if name not in _variables_of_the_command_line()}
    assert described == {f"CARTWHEEL_{field.name.upper()}": _shown(field.name) for field in fields(Settings)}


def _shown(name: str) -> str:
    if name in MADE:
        return "made at the first start"
    default = getattr(Settings, name)
    text = f"{default:g}" if isinstance(default, float) else str(default)
    if isinstance(default, bool):
        text = text.lower()
    return f"`{text}`" if text else ""


def _variables_of_the_command_line() -> set[str]:
    sources = "".join(path.read_text() for path in (PACKAGE / "cli").rglob("*.py"))
    return set(re.findall(r"\"(CARTWHEEL_\w+)\"", sources))


def test_the_variables_of_the_command_line_are_described() -> None:
    assert _variables_of_the_command_line() - ROWS.keys() == set()


def test_no_document_names_a_variable_that_is_none() -> None:
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in files(".md")
        for name in re.findall(r"\bCARTWHEEL_[A-Z_]*[A-Z]\b", path.read_text())
    }
    assert {(path, name) for path, name in named if name not in {*ROWS, *OF_THE_TESTS}} == set()
