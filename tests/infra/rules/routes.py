"""The API has the routes of the OpenAPI document, each with its function and its guard, and no others."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.kernel import openapi
from cartwheel.kernel.throttle import Rate
from tests.infra import wanted
from tests.infra.stage import Stage, differences

API: Final = "AWS::ApiGatewayV2::"
HARMLESS: Final = frozenset(
    {
        "requestId",
        "requestTime",
        "routeKey",
        "status",
        "responseLength",
        "responseLatency",
        "integrationStatus",
        "integrationErrorMessage",
        "error",  # why a token was refused
    }
)


def routes_are_those_of_the_document(stage: Stage) -> Iterator[str]:
    """What no route is for, the pages answer."""
    due = {"$default": ("pages", "NONE"), "GET /health/deep": ("pages", "JWT")}
    for path, operations in _document()["paths"].items():
        for method, operation in operations.items():
            guard = "JWT" if operation.get("security") else "NONE"
            due[f"{method.upper()} {path}"] = (operation["x-cartwheel-function"], guard)
    names = {name: function for function, (name, _) in stage.functions.items()}
    found = {
        route["RouteKey"]: (names.get(_answering(stage, route)), route.get("AuthorizationType", "NONE"))
        for route in stage.of(f"{API}Route").values()
    }
    yield from differences(found, due, "the route")


def guards_ask_our_own_user_pool(stage: Stage) -> Iterator[str]:
    guards = stage.of(f"{API}Authorizer")
    for name, route in stage.of(f"{API}Route").items():
        if (route.get("AuthorizerId") in guards) != (route.get("AuthorizationType") == "JWT"):
            yield f"{name} has the wrong guard"
    pool, client = stage.output("UserPoolId"), stage.output("UserPoolClientId")
    due = {"Audience": [client], "Issuer": f"https://cognito-idp.${{AWS::Region}}.amazonaws.com/{pool}"}
    for name, guard in guards.items():
        if guard["JwtConfiguration"] != due or guard.get("AuthorizerType") != "JWT":
            yield f"{name} trusts others: {guard}"
        if guard["IdentitySource"] != ["$request.header.Authorization"]:
            yield f"{name} looks for tokens at {guard['IdentitySource']}"


def there_is_one_api_that_is_served(stage: Stage) -> Iterator[str]:
    """Everything belongs to it, and what is deployed is what it answers."""
    apis = stage.of(f"{API}Api")
    if [api.get("ProtocolType") for api in apis.values()] != ["HTTP"]:
        yield f"there is not one HTTP API: {apis}"
    for kind in ("Stage", "Route", "Integration", "Authorizer"):
        for name, part in stage.of(f"{API}{kind}").items():
            if part.get("ApiId") not in apis:
                yield f"{name} belongs to {part.get('ApiId')}"
    served = [(served.get("StageName"), served.get("AutoDeploy")) for served in stage.of(f"{API}Stage").values()]
    if served != [("$default", True)]:
        yield f"the API is served as {served}"


def integrations_hand_on_the_whole_request(stage: Stage) -> Iterator[str]:
    for name, integration in stage.of(f"{API}Integration").items():
        if (integration["IntegrationType"], integration["PayloadFormatVersion"]) != ("AWS_PROXY", "2.0"):
            yield f"{name} is another kind of integration"


def the_gateway_alone_may_call_what_answers_it(stage: Stage) -> Iterator[str]:
    """Every function behind a route lets this API in, and nobody else; what the user pool calls, the pool; and those
    behind neither let nobody in.
    """
    answering = {integration["IntegrationUri"] for integration in stage.of(f"{API}Integration").values()}
    callers: dict[str, list[Any]] = {}
    for permission in stage.of("AWS::Lambda::Permission").values():
        by = (permission["Action"], permission["Principal"], permission.get("SourceArn"))
        callers.setdefault(permission["FunctionName"], []).append(by)
    api = next(iter(stage.of(f"{API}Api")), "")
    source = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:{api}/*"
    due = [("lambda:InvokeFunction", "apigateway.amazonaws.com", source)]
    pool = [("lambda:InvokeFunction", "cognito-idp.amazonaws.com", f"{stage.output('UserPoolId')}.Arn")]
    called = {f"{stage.function_id(each.name)}.Arn" for each in wanted.functions().values() if each.of_the_pool}
    yield from differences(callers, dict.fromkeys(answering, due) | dict.fromkeys(called, pool), "the callers of")


def the_gateway_is_throttled_and_logs(stage: Stage) -> Iterator[str]:
    for name, served in stage.of(f"{API}Stage").items():
        limits = served.get("DefaultRouteSettings", {})
        if _rate(limits) != APP.rates["reading"]:
            yield f"{name} lets in {limits}"
        throttled = served.get("RouteSettings", {})
        for key in (route["RouteKey"] for route in stage.of(f"{API}Route").values()):
            if (key.partition(" ")[0].lower() in openapi.MUTATING) != (key in throttled):
                yield f"{name} lets in as much writing as reading at {key}"
        yield from (f"{name} lets in {each}" for each in throttled.values() if _rate(each) != APP.rates["writing"])
        group = served.get("AccessLogSettings", {}).get("DestinationArn", "").rpartition(":")[2]
        if group not in stage.of("AWS::Logs::LogGroup"):
            yield f"{name} logs no requests"
        elif not HARMLESS.issuperset(_logged(served["AccessLogSettings"]["Format"])):
            yield f"{name} logs who called, or what they may call an order by"


def pages_of_other_sites_may_not_ask(stage: Stage) -> Iterator[str]:
    """Where nobody said which are the shop's own, none is."""
    for name, api in stage.of(f"{API}Api").items():
        if "CorsConfiguration" in api:
            yield f"{name} lets in pages of {api['CorsConfiguration']}"


def _rate(limits: dict[str, Any]) -> Rate:
    return Rate(limits.get("ThrottlingRateLimit", 0), limits.get("ThrottlingBurstLimit", 0))


@cache
def _document() -> dict[str, Any]:
    return openapi.document(APP)


def _answering(stage: Stage, route: dict[str, Any]) -> str:
    integration = stage.of(f"{API}Integration").get(str(route.get("Target")).removeprefix("integrations/"), {})
    return str(integration.get("IntegrationUri")).removesuffix(".Arn")


def _logged(line: str) -> list[str]:
    """The variables of an access log's format, by their last word."""
    return [word.rpartition(".")[2].strip('",}') for word in line.split() if "$context." in word]
