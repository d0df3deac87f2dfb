"""What may be set of the API: the pages that may ask, and how often; and a mail server's password."""

from typing import Any

from cartwheel.app import APP
from infra.settings import Settings

from .synthesis import synthesize


def shop(**context: str) -> dict[str, dict[str, Any]]:
    """The stacks as plain templates."""
    return {part: dict(template.to_json()) for part, template in synthesize(APP, stage="dev-test", **context).items()}


def only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = (each for each in template["Resources"].values() if each["Type"] == kind)
    properties: dict[str, Any] = found["Properties"]
    return properties


def test_pages_of_the_shops_own_origins_may_ask_and_writing_is_throttled_in_proportion() -> None:
    template = shop(CARTWHEEL_ORIGINS="https://shop.example http://localhost:5173", rate="400", burst="20")["shop"]
    cors = only(template, "AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["http://localhost:5173", "https://shop.example"]
    assert {"authorization", "content-type", "idempotency-key"} <= set(cors["AllowHeaders"])
    assert set(cors["ExposeHeaders"]) == {"x-request-id", "idempotency-replayed", "retry-after"}
    assert "AllowCredentials" not in cors
    assert "*" not in str(cors)
    limits = only(template, "AWS::ApiGatewayV2::Stage")
    assert limits["DefaultRouteSettings"] == {"ThrottlingRateLimit": 400, "ThrottlingBurstLimit": 20}
    assert limits["RouteSettings"]["POST /orders"] == {"ThrottlingRateLimit": 200, "ThrottlingBurstLimit": 10}


def test_a_setting_gives_every_route_the_authorizer_but_those_whose_callers_sign() -> None:
    template = shop(CARTWHEEL_REQUIRE_TOKEN="true")["shop"]
    routes = [each["Properties"] for each in template["Resources"].values() if each["Type"].endswith("V2::Route")]
    assert {route["RouteKey"] for route in routes if route["AuthorizationType"] != "JWT"} == {
        "$default",  # health, the document and its page; and 404
        "POST /payments/webhooks/{provider}",
    }
    told = [each["Properties"]["Environment"]["Variables"] for each in template["Resources"].values() if _is_api(each)]
    assert {values["CARTWHEEL_REQUIRE_TOKEN"] for values in told} == {"true"}


def _is_api(resource: dict[str, Any]) -> bool:
    variables = resource["Properties"].get("Environment", {}).get("Variables", {})
    return str(variables.get("CARTWHEEL_FUNCTION")).endswith("-api")


def test_the_figures_are_those_of_the_map() -> None:
    assert (Settings().rate, Settings().burst) == (APP.rates["reading"].per_second, APP.rates["reading"].burst)
    assert Settings().writing == APP.rates["writing"]


def test_the_mail_servers_password_is_a_secret_of_who_sends() -> None:
    stacks = shop(CARTWHEEL_SMTP_URL="smtps://ada@mail.example")
    secrets = [
        name for name, each in stacks["data"]["Resources"].items() if each["Type"] == "AWS::SecretsManager::Secret"
    ]
    assert [name for name in secrets if name.startswith("SmtpPassword")]
    assert "SmtpPasswordArn" in stacks["data"]["Outputs"]
    functions = {
        name: each["Properties"]["Environment"]["Variables"]
        for name, each in stacks["shop"]["Resources"].items()
        if each["Type"] == "AWS::Lambda::Function"
    }
    told = {values["CARTWHEEL_FUNCTION"] for values in functions.values() if "CARTWHEEL_SECRET_SMTP_PASSWORD" in values}
    assert told == {"notification-delivery"}


def test_a_mail_server_without_a_user_needs_no_secret() -> None:
    assert "SmtpPasswordArn" not in shop(CARTWHEEL_SMTP_URL="smtp://mail.example:25")["data"]["Outputs"]
