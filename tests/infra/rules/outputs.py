"""What a stage says of itself: where it is, and what its parts are called."""

from collections.abc import Iterator

from cartwheel.app import APP
from tests.infra import wanted
from tests.infra.stage import FUNCTION, QUEUE, TABLE, Stage, pascal


def the_address_is_told(stage: Stage) -> Iterator[str]:
    if not stage.output("ApiUrl").endswith(".ApiEndpoint"):
        yield f"the API's address is told as {stage.output('ApiUrl')}"


def parts_are_told_by_name(stage: Stage) -> Iterator[str]:
    """Every table, queue and function, the bus and the pool."""
    due = {f"{pascal(table.name)}TableName": TABLE for table in APP.tables}
    due |= {f"{pascal(name)}FunctionName": FUNCTION for name in wanted.functions()}
    due |= {f"{pascal(c.name)}{end}": QUEUE for c in APP.consumers for end in ("QueueUrl", "DeadLettersUrl")}
    due |= {"UndeliveredUrl": QUEUE, "RelayFailuresUrl": QUEUE, "EventBusName": "AWS::Events::EventBus"}
    due |= {"UserPoolId": "AWS::Cognito::UserPool", "UserPoolClientId": "AWS::Cognito::UserPoolClient"}
    for name, kind in due.items():
        if stage.resources.get(stage.output(name), {}).get("Type") != kind:
            yield f"the output {name} is {stage.output(name)}, and no {kind}"


def functions_are_told_under_their_own_name(stage: Stage) -> Iterator[str]:
    for name in wanted.functions():
        if stage.output(f"{pascal(name)}FunctionName") != stage.function_id(name):
            yield f"under the name of {name} another function is told"


def no_secret_is_told(stage: Stage) -> Iterator[str]:
    """Outputs are there for everybody to read. The name of a secret is no secret."""
    for name, value in stage.outputs.items():
        if "resolve:" in str(value) or "SecretString" in str(value):
            yield f"the output {name} shows a secret"
