"""One synth for all tests of a process; the stages that differ have one of their own."""

from typing import TYPE_CHECKING

import pytest

from .stage import Stage
from .synthesis import synthesize

if TYPE_CHECKING:
    from aws_cdk.assertions import Template


@pytest.fixture(scope="session")
def templates() -> "dict[str, Template]":
    """A developer's stage: templates by part (`data`, `identity`, `shop`, `archive`)."""
    return synthesize(stage="dev-test")


@pytest.fixture(scope="session")
def production() -> "dict[str, Template]":
    """The stage whose data is protected, and which is watched (`monitoring`)."""
    return synthesize(stage="production")


@pytest.fixture(scope="session")
def stages(templates: "dict[str, Template]", production: "dict[str, Template]") -> dict[str, Stage]:
    """Both, as the house rules read them."""
    both = {"dev-test": templates, "production": production}
    return {name: Stage(name, {part: dict(t.to_json()) for part, t in stage.items()}) for name, stage in both.items()}
