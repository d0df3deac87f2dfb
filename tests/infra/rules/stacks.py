"""The stacks of a stage belong together, and to no other."""

from collections.abc import Iterator
from typing import Final

from tests.infra.stage import UNKNOWN, Stage, walk

PARTS: Final = ["data", "identity", "shop", "archive"]
OUTPUTS: Final = 190  # of a stack; CloudFormation takes 200
MONITORING: Final = ["monitoring"]  # it is paid while nothing happens, so only where somebody is on call
ROOM: Final = 450  # resources a stack; CloudFormation takes 500


def every_part_is_there(stage: Stage) -> Iterator[str]:
    if list(stage.templates) != PARTS + MONITORING * stage.production:
        yield f"the stacks are {list(stage.templates)}"
    for part, template in stage.templates.items():
        if not template["Resources"]:
            yield f"{part} is empty"


def there_is_room_to_grow(stage: Stage) -> Iterator[str]:
    for part, template in stage.templates.items():
        if len(template["Resources"]) >= ROOM:
            yield f"{part} has {len(template['Resources'])} resources: split it"


def there_is_room_for_outputs(stage: Stage) -> Iterator[str]:
    for part, template in stage.templates.items():
        if len(template.get("Outputs", {})) >= OUTPUTS:
            yield f"{part} has {len(template['Outputs'])} outputs: let others refer to less of it"


def references_lead_to_the_same_stage(stage: Stage) -> Iterator[str]:
    """And to something that is there."""
    told = [("an output", value) for value in stage.outputs.values()]
    for name, value in [*stage.resources.items(), *told]:
        for path, inner in walk(value):
            if isinstance(inner, str) and inner.startswith(UNKNOWN):
                yield f"{name} refers at {path} to {inner.removeprefix(UNKNOWN)}, which this stage has not"


def the_deployment_needs_no_parameters(stage: Stage) -> Iterator[str]:
    """But the version of the bootstrap stack, which the CDK looks up itself."""
    for part, template in stage.templates.items():
        for name in template.get("Parameters", {}).keys() - {"BootstrapVersion"}:
            yield f"{part} asks for {name}"


def nothing_depends_on_one_account(stage: Stage) -> Iterator[str]:
    """Neither an account's number nor a region is written into a template."""
    for name, resource in stage.resources.items():
        for path, value in walk(resource.get("Properties", {})):
            if isinstance(value, str) and value.startswith("arn:") and "${AWS::AccountId}" not in value:
                yield f"{name} names at {path} the one resource {value}"
