"""The synthetic purchase: all of it where a setting names what to buy, and nothing of it where none does."""

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from cartwheel.app import APP

from .stage import FUNCTION, ROLE, SCHEDULE, Json, Stage, variables, walk
from .synthesis import synthesize

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

ALARM: Final = "AWS::CloudWatch::Alarm"
DASHBOARD: Final = "AWS::CloudWatch::Dashboard"
NAME: Final = "ordering-canary"


def stage(name: str, **context: str) -> Stage:
    templates = synthesize(APP, stage=name, **context)
    return Stage(name, {part: dict(template.to_json()) for part, template in templates.items()})


@pytest.fixture(scope="module")
def on() -> Stage:
    return stage("dev-on", monitoring="on", CARTWHEEL_CANARY_SKU="seed-1", CARTWHEEL_CANARY_PAYMENT_TOKEN="tok_test")


def test_it_runs_every_five_minutes_and_is_told_where_to_ask(on: Stage) -> None:
    identifier, function = on.functions[NAME]
    told = variables(function)
    (api,) = on.of("AWS::ApiGatewayV2::Api")
    assert told["CARTWHEEL_ADDRESS"] == f"{api}.ApiEndpoint"
    assert (told["CARTWHEEL_CANARY_SKU"], told["CARTWHEEL_CANARY_PAYMENT_TOKEN"]) == ("seed-1", "tok_test")
    assert function["Timeout"] == 60
    (timer,) = [each for each in on.of(SCHEDULE).values() if each["Target"]["Arn"] == f"{identifier}.Arn"]
    assert timer["ScheduleExpression"] == "rate(5 minutes)"
    assert timer.get("State", "ENABLED") == "ENABLED"


def test_nobody_else_is_told_where(on: Stage) -> None:
    assert [name for name, (_, each) in on.functions.items() if "CARTWHEEL_ADDRESS" in variables(each)] == [NAME]


def test_it_may_use_its_table_and_the_seal_and_nothing_else(on: Stage) -> None:
    role = on.functions[NAME][1]["Role"].removesuffix(".Arn")
    (policy,) = on.of(ROLE)[role]["Policies"]
    actions = {action for path, action in walk(policy) if ".Action" in path and isinstance(action, str)}
    assert {action for action in actions if not action.startswith(("logs:", "xray:"))} == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "secretsmanager:GetSecretValue",
    }


def test_it_is_watched(on: Stage) -> None:
    (alarm,) = [each for each in on.of(ALARM).values() if each.get("MetricName") == "CanarySuccesses"]
    assert _essence(alarm) == ("Sum", 300, "LessThanThreshold", 1, 2, 2, "breaching", "Cartwheel/dev-on")
    (dashboard,) = on.of(DASHBOARD).values()
    assert {"CanarySuccesses", "CanaryDuration"} <= _words(dashboard)


def _essence(alarm: Json) -> tuple[Any, ...]:
    wanted = "Statistic Period ComparisonOperator Threshold EvaluationPeriods DatapointsToAlarm TreatMissingData"
    return (*(alarm[name] for name in wanted.split()), alarm["Namespace"])


def _words(value: Any) -> set[str]:
    return {word for word in json.dumps(value).replace("\\", "").split('"') if word.startswith("Canary")}


def test_without_the_setting_there_is_nothing_of_it(
    templates: "dict[str, Template]", production: "dict[str, Template]"
) -> None:
    for parts in (templates, production):
        assert "anary" not in json.dumps({part: template.to_json() for part, template in parts.items()})


def test_it_changes_nothing_else(on: Stage) -> None:
    off = stage("dev-on", monitoring="on")
    assert on.functions.keys() - off.functions.keys() == {NAME}
    for kind in (FUNCTION, SCHEDULE):
        assert len(on.of(kind)) == len(off.of(kind)) + 1
    assert len(on.of(ALARM)) == len(off.of(ALARM)) + 2  # its own, and that of its function
