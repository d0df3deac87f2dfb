"""The templates of a stage, read as one: references are followed, also from one stack into another.

After that a `Ref` is `shop/CatalogApi2F31A828`, an attribute `data/OrderingTableDB270701.Arn`, a pseudo parameter
`${AWS::Region}`: plain strings, which can be compared, and which stand in for what a deployment would put there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

Json = dict[str, Any]

FUNCTION: Final = "AWS::Lambda::Function"
MAPPING: Final = "AWS::Lambda::EventSourceMapping"
QUEUE: Final = "AWS::SQS::Queue"
RULE: Final = "AWS::Events::Rule"
SCHEDULE: Final = "AWS::Scheduler::Schedule"
ROLE: Final = "AWS::IAM::Role"
TABLE: Final = "AWS::DynamoDB::Table"
UNKNOWN: Final = "unknown:"


@dataclass(frozen=True)
class Stage:
    """`templates` by part: `data`, `identity`, `shop`, `archive`."""

    name: str
    templates: Mapping[str, Json]

    @property
    def production(self) -> bool:
        return self.name == "production"

    @cached_property
    def resources(self) -> dict[str, Json]:
        """Every resource, its references followed, by its id: `shop/CatalogApi2F31A828`."""
        return {
            f"{part}/{name}": self._follow(part, resource)
            for part, template in self.templates.items()
            for name, resource in template["Resources"].items()
        }

    def of(self, kind: str) -> dict[str, Json]:
        """The properties of all resources of a type, by id."""
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == kind}

    @cached_property
    def outputs(self) -> dict[str, str]:
        """What the stacks say of themselves, by name."""
        return {
            name: self._follow(part, output["Value"])
            for part, template in self.templates.items()
            for name, output in template.get("Outputs", {}).items()
        }

    @cached_property
    def functions(self) -> dict[str, tuple[str, Json]]:
        """The id and the properties of every function, by its name in the map."""
        return {
            variables(properties).get("CARTWHEEL_FUNCTION", name): (name, properties)
            for name, properties in self.of(FUNCTION).items()
        }

    def function_id(self, name: str) -> str:
        return self.functions[name][0] if name in self.functions else f"{UNKNOWN}function {name}"

    def output(self, name: str) -> str:
        return self.outputs.get(name, f"{UNKNOWN}output {name}")

    def table(self, name: str) -> str:
        return self.output(f"{pascal(name)}TableName")

    def secret(self, name: str) -> str:
        """Its id: a secret is known by the start of its logical name."""
        found = [r for r in self.of("AWS::SecretsManager::Secret") if r.startswith(f"data/{pascal(name)}")]
        return found[0] if len(found) == 1 else f"{UNKNOWN}secret {name}"

    def _follow(self, part: str, value: Any) -> Any:
        match value:
            case {"Ref": str(name)} if name.startswith("AWS::"):
                return f"${{{name}}}"
            case {"Ref": str(name)}:
                return f"{part}/{name}" if self._has(part, name) else f"{UNKNOWN}{part}/{name}"
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return f"{part}/{name}.{attribute}" if self._has(part, name) else f"{UNKNOWN}{part}/{name}"
            case {"Fn::Join": [str(separator), list(pieces)]}:
                return separator.join(self._follow(part, piece) for piece in pieces)
            case {"Fn::Sub": str(text)}:
                return text
            case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
                return self._elsewhere(stack, output)
            case dict() if any(key.startswith("Fn::") for key in value):
                return f"{UNKNOWN}{json.dumps(value)}"
            case dict():
                return {key: self._follow(part, inner) for key, inner in value.items()}
            case list():
                return [self._follow(part, inner) for inner in value]
        return value

    def _elsewhere(self, stack: str, output: str) -> Any:
        part = stack.removeprefix(f"cartwheel-{self.name}-")
        outputs = self.templates.get(part, {}).get("Outputs", {})
        return self._follow(part, outputs[output]["Value"]) if output in outputs else f"{UNKNOWN}{stack}.{output}"

    def _has(self, part: str, name: str) -> bool:
        return name in self.templates[part]["Resources"]


def pascal(name: str) -> str:
    """`seal_key` → `SealKey`, as outputs and resources are called."""
    return "".join(word[0].upper() + word[1:] for word in name.replace("_", "-").split("-"))


def variables(function: Json) -> dict[str, str]:
    """The environment of a function."""
    found: dict[str, str] = function.get("Environment", {}).get("Variables", {})
    return found


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside, with its path: `Targets.0.Arn`."""
    yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in children:
        yield from walk(inner, f"{path}.{key}" if path else str(key))


def differences(found: Mapping[Any, Any], wanted: Mapping[Any, Any], what: str) -> Iterator[str]:
    """Where two mappings are not the same."""
    for key in sorted(found.keys() | wanted.keys(), key=str):
        if found.get(key) != wanted.get(key):
            yield f"{what} {key} is {found.get(key)}, and should be {wanted.get(key)}"
