"""Every alarm of both hosts has a page that is true: its commands work, and it names its alarms and their settings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.main

from cartwheel.app import APP
from cartwheel.cli.main import app
from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.settings import Settings
from infra.watched import alarms_on_aws

from .blocks import ROOT, shape, steps
from .checkout import Checkout, checkout

FOLDER = ROOT / "docs/runbooks"
INDEX = FOLDER / "README.md"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path != INDEX)
ALARMS = alarms_on_aws(APP, Settings())
HEADINGS = ["What it means", "Look", "Mend", "Over", "The threshold"]
CHARTS = {widget.title for group in dashboard_of(APP) for widget in group.widgets}
NAMED = {"FunctionName": "function", "QueueName": "queue", "Slice": "slice"}


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A shop where something went well, something was refused, and something failed for good."""
    with checkout(tmp_path_factory.mktemp("troubled")) as here:
        for token in ("tok_approve", "tok_decline", "tok_timeout"):
            order = {"amount": 5, "currency": "EUR", "email": "ann@example.com", "paymentToken": token}
            httpx.post(f"{here.url}/orders", json=order).raise_for_status()
        yield here


def rings_for(page: Path) -> list[Alarm]:
    return [alarm for alarm in ALARMS if alarm.runbook == str(page.relative_to(ROOT))]


def shown(alarm: Alarm) -> set[str]:
    """Its name as pages may have it: whole, or with a place for what it watches."""
    names = {alarm.name}
    for dimension, value in alarm.dimensions.items():
        if dimension in NAMED:
            whole = value.removesuffix("-dead-letters").removesuffix("-relay")
            names |= {alarm.name.replace(each, f"<{kind}>") for each in (value, whole) for kind in NAMED.values()}
    return names


def test_every_alarm_has_its_page_and_every_page_an_alarm() -> None:
    assert {alarm.runbook for alarm in ALARMS} == {str(page.relative_to(ROOT)) for page in PAGES}


@pytest.mark.slow
def test_every_command_of_the_pages_prints_what_they_say(troubled: Checkout) -> None:
    written = [step for page in (INDEX, *PAGES) for step in steps(page)]
    for step, printed in zip(written, troubled.run(written), strict=True):
        assert shape(step.printed or "").fullmatch(printed), f"{step.commands}\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_sections_in_order_and_something_to_type(page: Path) -> None:
    assert re.findall("^## (.+)$", page.read_text(), re.MULTILINE) == HEADINGS
    assert steps(page)
    assert len(page.read_text().splitlines()) <= 60  # what one reads at night


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_its_alarms_and_the_settings_of_their_thresholds(page: Path) -> None:
    text = page.read_text()
    head, _, threshold = text.partition("## What it means")[0], *text.partition("## The threshold")[1:]
    quoted, row = set(re.findall("`(.+?)`", head)), _row(page)
    for alarm in rings_for(page):
        assert quoted & shown(alarm), alarm.name
        assert row & shown(alarm), alarm.name
        assert f"`CARTWHEEL_{alarm.setting.upper()}`" in threshold, alarm.name
    assert all(any(name in shown(alarm) for alarm in rings_for(page)) for name in quoted | row)


def _row(page: Path) -> set[str]:
    """The alarms that the list of all pages has for it."""
    (cell,) = re.findall(rf"^\| \[.+\]\({page.name}\) \| (.+) \|$", INDEX.read_text(), re.MULTILINE)
    return set(re.findall("`(.+?)`", cell))


def commands(document: Path) -> list[list[str]]:
    """The words of every command that the text quotes, or has in a block."""
    text = document.read_text()
    quoted = re.findall(r"`cartwheel ([^`]+)`", text.replace("\n", " "))
    blocks = [line.removeprefix("cartwheel ") for step in steps(document) for line in step.commands.splitlines()]
    return [each.split() for each in (*quoted, *blocks) if not each.startswith("export ")]


@pytest.mark.parametrize("page", [INDEX, *PAGES], ids=lambda page: page.stem)
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    for words in commands(page):
        known, place = _options(words)
        assert place, words
        assert {word for word in words if word.startswith("--")} <= known, words


def _options(words: list[str]) -> tuple[set[str], int]:
    """Of the command, and how many words name it."""
    command: Any = typer.main.get_command(app)
    place = 0
    while place < len(words) and words[place] in getattr(command, "commands", {}):
        command, place = command.commands[words[place]], place + 1
    return {name for each in command.params for name in each.opts}, place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_chart_that_a_page_names_is_on_the_dashboard(page: Path) -> None:
    text = " ".join(page.read_text().split())
    assert set(re.findall(r"chart \*(.+?)\*", text)) <= CHARTS


def test_with_the_setting_every_alarm_of_both_hosts_names_an_address() -> None:
    elsewhere = "https://github.com/you/shop/blob/main/docs/runbooks"
    alarms = alarms_on_aws(APP, Settings.read({"CARTWHEEL_RUNBOOK": elsewhere}))
    assert {alarm.runbook for alarm in alarms} == {f"{elsewhere}/{page.name}" for page in PAGES}
