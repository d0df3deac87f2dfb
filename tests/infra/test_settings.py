"""What can be said about a deployment, and what is refused before anything is made."""

import re
from dataclasses import asdict

import pytest

from cartwheel.kernel.settings import InvalidSetting
from infra.settings import Settings
from tests.project.checkout import ROOT


@pytest.mark.parametrize("stage", ["dev", "dev-anna", "dev-anna-2", "staging", "production", "pr-7", "pr-1234567"])
def test_a_stage(stage: str) -> None:
    assert Settings.read({"stage": stage}).stage == stage


@pytest.mark.parametrize(
    "stage",
    [
        "",
        "prod",
        "Production",
        "production ",
        "pr-",
        "pr-0",
        "dev-",
        "dev-Anna",
        "dev-a_b",
        "dev-a--b",
        "dev-a-",
        f"dev-{'a' * 21}",
    ],
)
def test_no_stage(stage: str) -> None:
    with pytest.raises(InvalidSetting, match=r"use staging, production, pr-<number>, dev or dev-<name>"):
        Settings.read({"stage": stage})


def test_only_production_is_protected() -> None:
    assert Settings.read({"stage": "production"}).production
    assert not Settings.read({"stage": "staging"}).production


def test_without_a_word_it_is_a_stage_of_ones_own_on_arm() -> None:
    settings = Settings.read({"@aws-cdk/core:explicitStackTags": True})
    assert asdict(settings) == asdict(Settings())
    assert (settings.stage, settings.architecture, settings.python) == ("dev", "arm64", "3.13")


def test_the_defaults_are_those_of_the_document() -> None:
    table = (ROOT / "docs/aws.md").read_text().partition("\n| context | default | |\n")[2].partition("\n\n")[0]
    cells = [[re.findall("`(.+?)`", cell) for cell in row.split("|")[1:3]] for row in table.splitlines()]
    documented = {name: default for names, defaults in cells for name, default in zip(names, defaults, strict=False)}
    assert documented == {name: str(default) for name, default in asdict(Settings()).items() if name != "variables"}


def test_everything_can_be_said() -> None:
    said = {"stage": "pr-1", "architecture": "x86_64", "python": "3.11", "memory": "1024", "rate": "5", "burst": "6"}
    settings = Settings.read({**said, "concurrency": 7, "CARTWHEEL_CURRENCY": "USD", "CARTWHEEL_STOCK_DEADLINE": 30})
    assert settings == Settings(
        stage="pr-1",
        architecture="x86_64",
        python="3.11",
        memory=1024,
        rate=5,
        burst=6,
        concurrency=7,
        variables={"CARTWHEEL_CURRENCY": "USD", "CARTWHEEL_STOCK_DEADLINE": "30"},
    )


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("architecture", "arm", "use arm64 or x86_64"),
        ("python", "3.9", "use 3.11"),
        ("memory", "much", "whole number from 128 to 10240"),
        ("memory", "64", "from 128"),
        ("rate", "0", "from 1"),
        ("burst", "-1", "from 1"),
        ("concurrency", "1", "from 2 to 1000"),
        ("CARTWHEEL_CURRENCY", "EURO", "ISO 4217"),
        ("CARTWHEEL_REQUIRE_TOKEN", "yes", "must be true or false"),
        ("CARTWHEEL_COLOUR", "red", "CARTWHEEL_CURRENCY, CARTWHEEL_FULFILMENT_DEADLINE"),
        ("CARTWHEEL_SEAL_KEY", "mine", "each stage generates its own"),
        ("CARTWHEEL_SMTP_URL", "smtp://shop:hush@mail.example", "secret that the output SmtpPasswordArn names"),
        ("CARTWHEEL_SMTP_URL", "smtp://shop:{{resolve:secretsmanager:hush}}@mail.example", "leave it out"),
        ("CARTWHEEL_OTLP_ENDPOINT", "http://collector:4318", "AWS has X-Ray: leave it out"),
    ],
)
def test_what_is_refused_is_named_with_its_remedy(name: str, value: str, remedy: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^{name}[ =].*{remedy}") as refused:
        Settings.read({name: value})
    assert "hush" not in str(refused.value)
