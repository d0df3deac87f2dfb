"""A shop deployed by its stacks, on AWS or in the stand-in: reached by what the stacks' outputs name."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import httpx
from botocore.session import Session

from cartwheel.aws.attributes import to_attributes
from cartwheel.aws.deployment import PREFIX, SECRET
from cartwheel.kernel.ids import new_id
from infra.names import pascal
from tests.support.aws_command import aws

from .hosts import CODES, RECORDED_CALLS, SHORT_DEADLINES, THROWN_AWAY, Envelope, Headers, Role, invoked

STACKS: Final = ("data", "identity", "shop")
AWS_LACKS: Final = {
    SHORT_DEADLINES: "the stage keeps the deadlines it was deployed with",
    CODES: "mails go to their readers",
    RECORDED_CALLS: "calls are not seen there; AWS itself refuses what a role does not allow",
    THROWN_AWAY: "a stage that is in use keeps what commands of the documents would leave behind",
}
PASSWORD: Final = "Correct-horse-7-battery"  # of people who live as long as the run


@dataclass
class Cloud:
    """`url` is the API's address, where it has another one than the outputs tell. `place` says where AWS is
    (`endpoint_url`, …), and `variables` tell it to commands; empty, it is where the environment's credentials belong.
    """

    stage: str
    url: str = ""
    place: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=lambda: AWS_LACKS)
    patience: float = 60.0
    _people: list[str] = field(default_factory=list)

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url or self.outputs["ApiUrl"], timeout=30)

    @cached_property
    def client(self) -> Any:
        """One client for each service."""
        return cache(lambda service: Session().create_client(service, **self.place))

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Of all stacks of the stage."""
        describe = self.client("cloudformation").describe_stacks
        stacks = [describe(StackName=f"cartwheel-{self.stage}-{part}")["Stacks"][0] for part in STACKS]
        return {output["OutputKey"]: output["OutputValue"] for stack in stacks for output in stack["Outputs"]}

    def token(self, role: Role) -> Headers:
        """Somebody new in the user pool, signed in."""
        pool, person = {"UserPoolId": self.outputs["UserPoolId"]}, f"{role}-{new_id()}@example.com"
        cognito = self.client("cognito-idp")
        cognito.admin_create_user(**pool, Username=person, MessageAction="SUPPRESS")
        self._people.append(person)
        cognito.admin_set_user_password(**pool, Username=person, Password=PASSWORD, Permanent=True)
        if role != "customer":
            cognito.admin_add_user_to_group(**pool, Username=person, GroupName=role)
        signed_in = cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=self.outputs["UserPoolClientId"],
            AuthParameters={"USERNAME": person, "PASSWORD": PASSWORD},
        )
        return {"Authorization": f"Bearer {signed_in['AuthenticationResult']['AccessToken']}"}

    def publish(self, envelope: Envelope) -> None:
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": envelope["source"],
            "DetailType": envelope["detail-type"],
            "Detail": json.dumps(envelope["detail"]),
        }
        assert self.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def send(self, queue: str, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=self.outputs[f"{pascal(queue)}QueueUrl"], MessageBody=body)

    def dead_letters(self, queue: str) -> list[str]:
        """They are hidden from others for a moment, and stay."""
        url = self.outputs[f"{pascal(queue)}DeadLettersUrl"]
        bodies: dict[str, str] = {}
        while found := self._receive(url):
            bodies |= found
        return list(bodies.values())

    def _receive(self, url: str) -> dict[str, str]:
        answer = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=2)
        return {message["MessageId"]: message["Body"] for message in answer.get("Messages", [])}

    def leave_behind(self, table: str, row: dict[str, Any]) -> None:
        self.client("dynamodb").put_item(TableName=self.outputs[f"{pascal(table)}TableName"], Item=to_attributes(row))

    def run(self, function: str) -> None:
        event = json.dumps({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}})
        answer = self.client("lambda").invoke(FunctionName=self.physical(function), Payload=event)
        assert "FunctionError" not in answer, answer["Payload"].read()

    def invoke(self, function: str, payload: Any) -> dict[str, Any]:
        answer = self.client("lambda").invoke(FunctionName=self.physical(function), Payload=json.dumps(payload))
        return invoked(answer)

    def physical(self, function: str) -> str:
        return self.outputs[f"{pascal(function)}FunctionName"]

    def aws(self, *arguments: str, folder: Path) -> Any:
        return aws(*arguments, folder=folder, variables={**os.environ, **self.variables})

    def logged(self, function: str, text: str) -> list[str]:
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=self.log_group(function), filterPattern=f'"{text}"')
        return [event["message"] for page in found for event in page["events"]]

    def log_group(self, function: str) -> str:
        configuration = self.client("lambda").get_function_configuration(FunctionName=self.physical(function))
        return str(configuration["LoggingConfig"]["LogGroup"])

    def users(self) -> tuple[Any, str]:
        return self.client("cognito-idp"), self.outputs["UserPoolClientId"]

    def code(self, address: str) -> str:
        raise NotImplementedError(AWS_LACKS[CODES])

    def confirmed(self, subject: str, address: str) -> None:
        """It has been told."""

    def webhook_secret(self) -> bytes:
        function = self.client("lambda").get_function_configuration(FunctionName=self.physical("payment-api"))
        arn = function["Environment"]["Variables"][f"{PREFIX}{SECRET}WEBHOOK_SECRET"]
        return bytes(self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"], "ascii")

    def close(self) -> None:
        """Take back the people who were made for the run."""
        self.http.close()
        for person in self._people:
            with suppress(Exception):
                self.client("cognito-idp").admin_delete_user(UserPoolId=self.outputs["UserPoolId"], Username=person)
