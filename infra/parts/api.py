"""HTTP in: an API Gateway HTTP API, its routes and who may call them taken from the OpenAPI document.

Made of plain CloudFormation resources: the CDK's own constructs name an integration after the first route that uses it,
and would make another one when that route goes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import ArnFormat, CfnOutput, Stack
from aws_cdk.aws_apigatewayv2 import CfnApi, CfnAuthorizer, CfnIntegration, CfnRoute, CfnStage
from aws_cdk.aws_lambda import CfnPermission, Function
from constructs import Construct

from cartwheel.kernel import answer_headers, health
from cartwheel.kernel.openapi import MUTATING
from cartwheel.kernel.router import FUNCTION
from infra.accepted import accept
from infra.names import pascal
from infra.settings import Settings

from .function import log_group

CATCH_ALL: Final = "$default"
# Neither the caller's address nor the path: an order's id in it is what a guest's order answers to.
LOGGED: Final = (
    "requestId",
    "requestTime",
    "routeKey",
    "status",
    "responseLength",
    "responseLatency",
    "integrationStatus",
    "integrationErrorMessage",
    "authorizer.error",
)


@dataclass(frozen=True)
class Tokens:
    """Whose tokens let a caller in, and for whom they must be meant."""

    issuer: str
    audience: str


class Api(Construct):
    """The routes of the document; `route` says who answers them. `id` is the API's, `url` where it answers."""

    def __init__(self, scope: Construct, document: dict[str, Any], tokens: Tokens, settings: Settings) -> None:
        super().__init__(scope, "Api")
        self._document = document
        self._api = CfnApi(
            self, "Resource", name=Stack.of(self).stack_name, protocol_type="HTTP", cors_configuration=_cors(settings)
        )
        self.id, self.url = self._api.ref, self._api.attr_api_endpoint
        self._authorizer = CfnAuthorizer(
            self,
            "Tokens",
            api_id=self._api.ref,
            name="tokens",
            authorizer_type="JWT",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=CfnAuthorizer.JWTConfigurationProperty(issuer=tokens.issuer, audience=[tokens.audience]),
        )
        self._settings, self._writing = settings, list[CfnRoute]()
        CfnOutput(scope, "ApiUrl", value=self.url)

    def route(self, functions: Mapping[str, Function], pages: Function) -> None:
        """`functions` are those of the slices, by name; `pages` answers how the shop is, and whatever
        no route is for.
        """
        answering = {name: self._integrate(name, function) for name, function in functions.items()}
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                secured = bool(operation.get("security"))
                self._route(f"{method.upper()} {path}", answering[operation[FUNCTION]], secured)
        paging = self._integrate("pages", pages)
        self._route(f"GET {health.PATH}", paging, secured=True)
        self._route(CATCH_ALL, paging, secured=False)
        self._stage(self._settings)

    def _integrate(self, name: str, function: Function) -> str:
        """One permission a function: for any route of this API, and of no other."""
        CfnPermission(
            self,
            f"{pascal(name)}Permission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=Stack.of(self).format_arn(service="execute-api", resource=self._api.ref, resource_name="*"),
        )
        integration = CfnIntegration(
            self,
            f"{pascal(name)}Integration",
            api_id=self._api.ref,
            integration_type="AWS_PROXY",
            integration_uri=function.function_arn,
            payload_format_version="2.0",
        )
        return f"integrations/{integration.ref}"

    def _route(self, key: str, target: str, secured: bool) -> None:
        route = CfnRoute(
            self,
            f"{pascal(key.lower())}Route",
            api_id=self._api.ref,
            route_key=key,
            target=target,
            authorization_type="JWT" if secured else "NONE",
            authorizer_id=self._authorizer.ref if secured else None,
        )
        if key.partition(" ")[0].lower() in MUTATING:
            self._writing.append(route)
        if not secured:
            accept(route, "APIG4", "The OpenAPI document has it open: guests look, fill baskets and order.")

    def _stage(self, settings: Settings) -> None:
        logs = log_group(self, "Logs", settings)
        # API Gateway wants the ARN without the `:*` that CloudFormation appends.
        destination = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=logs.log_group_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        line = json.dumps({name: f"$context.{name}" for name in LOGGED})
        writing = settings.writing
        stage = CfnStage(
            self,
            "Stage",
            api_id=self._api.ref,
            stage_name=CATCH_ALL,
            auto_deploy=True,
            access_log_settings=CfnStage.AccessLogSettingsProperty(destination_arn=destination, format=line),
            default_route_settings=CfnStage.RouteSettingsProperty(
                throttling_rate_limit=settings.rate, throttling_burst_limit=settings.burst
            ),
            route_settings={
                route.route_key: {"ThrottlingRateLimit": writing.per_second, "ThrottlingBurstLimit": writing.burst}
                for route in self._writing
            },
        )
        for route in self._writing:  # which API Gateway must know to throttle
            stage.add_dependency(route)


def _cors(settings: Settings) -> CfnApi.CorsProperty | None:
    """What pages of the shop's own origins may do; API Gateway answers the browsers' questions itself."""
    origins = sorted(settings.shop.allowed_origins)
    if not origins:
        return None
    return CfnApi.CorsProperty(
        allow_origins=origins,
        allow_methods=list(answer_headers.METHODS),
        allow_headers=list(answer_headers.SENT),
        expose_headers=list(answer_headers.READ),
        max_age=answer_headers.PREFLIGHT_SECONDS,
    )
