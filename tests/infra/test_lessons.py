"""Faults of the predecessors' infrastructure: each is made here again, and must be noticed."""

from pathlib import Path

import pytest

from infra.parts.bundle import PACKAGE, shipped
from tests.project.checkout import ROOT, files

from .faults import Break, Templates, add, allow, broken, of, put, statements
from .rulebook import RULES
from .rules.names import PHYSICAL
from .stage import Stage
from .synthesis import construct
from .variants import VARIANTS


def findings(stage: Stage) -> set[str]:
    """The rules that a stage breaks."""
    return {name for name, rule in RULES.items() if list(rule(stage))}


@pytest.fixture
def sound(stages: dict[str, Stage]) -> Stage:
    """A stage that breaks none."""
    assert findings(stages["production"]) == set()
    return stages["production"]


def test_lesson_fixed_physical_names(sound: Stage) -> None:
    fixed = broken(sound, lambda t: put(of(t, "OrderingEventsQueue"), "QueueName", "orders"))
    assert findings(fixed) == {"names.nothing_has_a_fixed_name"}


def test_lesson_production_replaces_staging(stages: dict[str, Stage]) -> None:
    here, there = (
        {resource["Name"] for kind in PHYSICAL for resource in stage.of(kind).values()} for stage in stages.values()
    )
    assert here
    assert here & there == set()
    # Read as another stage's, the stacks refer to what that one has not.
    assert "stacks.references_lead_to_the_same_stage" in findings(Stage("staging", stages["production"].templates))


def test_lesson_production_is_deleted_like_a_trial(tmp_path: Path) -> None:
    for stage, protected in (("production", True), ("staging", False), ("pr-7", False)):
        folder = tmp_path / stage
        folder.mkdir()
        stacks = [stack for stack in vars(construct(folder, stage=stage)).values() if stack]
        assert {stack.termination_protection for stack in stacks} == {protected}
        assert {stack.stack_name.rpartition("-")[0] for stack in stacks} == {f"cartwheel-{stage}"}


def test_lesson_iam_wildcards(sound: Stage) -> None:
    found = findings(broken(sound, lambda t: allow(t, "dynamodb:*", "*")))
    assert {"permissions.no_action_is_a_wildcard", "permissions.no_resource_is_a_wildcard"} <= found


def test_lesson_a_grant_that_is_never_used(sound: Stage) -> None:
    """Who declares nothing is granted nothing. Whether what is declared is used, the acceptance run counts."""
    table = [s["Resource"] for s in statements(sound.templates, "CatalogApiRole") if "dynamodb:GetItem" in s["Action"]]
    granted = broken(sound, lambda t: allow(t, "dynamodb:DescribeTable", *table))
    assert findings(granted) == {"permissions.functions_may_do_exactly_what_they_declare"}


def without_permission(templates: Templates) -> None:
    statements(templates, "OrderingEventsRole").pop(2)


def without_variable(templates: Templates) -> None:
    of(templates, "OrderingEvents")["Environment"]["Variables"].pop("CARTWHEEL_TABLE_NAME")


@pytest.mark.parametrize(
    ("forgetting", "rule"),
    [
        (without_permission, "permissions.functions_may_do_exactly_what_they_declare"),
        (without_variable, "functions.variables_are_what_the_function_needs"),
    ],
)
def test_lesson_a_function_without_permission_or_variable(sound: Stage, forgetting: Break, rule: str) -> None:
    assert findings(broken(sound, forgetting)) == {rule}


@pytest.mark.parametrize("kind", ["AWS::EC2::NatGateway", "AWS::EC2::VPC", "AWS::KMS::Key", "AWS::RDS::DBInstance"])
def test_lesson_idle_nat_gateways(sound: Stage, kind: str) -> None:
    assert "money.only_what_costs_nothing_idle_is_there" in findings(broken(sound, lambda t: add(t, kind)))


@pytest.mark.parametrize(
    "limit",
    ["BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "DestinationConfig"],
)
def test_lesson_a_stream_consumer_without_limits(sound: Stage, limit: str) -> None:
    endless = broken(sound, lambda t: of(t, "OrderingRelaySource").pop(limit))
    assert findings(endless) == {"events.no_record_blocks_its_stream"}


def test_lesson_tests_that_cannot_fail() -> None:
    """Every rule has a variant that it notices (`test_rules.py` sees to that)."""
    assert RULES.keys() == VARIANTS.keys()
    assert all(VARIANTS.values())


def test_lesson_handlers_that_git_ignores() -> None:
    """A clone has all that the bundle is made of, and all that makes the stacks."""
    needed = {PACKAGE / path for path in shipped()} | set((ROOT / "infra").rglob("*.py"))
    needed |= {ROOT / name for name in ("cdk.json", "package.json", "package-lock.json", "requirements/aws.txt")}
    assert needed - set(files()) == set()
