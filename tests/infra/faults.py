"""Making templates faulty, one fault at a time."""

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from .stage import Json, Stage

Templates = Mapping[str, Json]
Break = Callable[[dict[str, Json]], Any]


def broken(stage: Stage, breaking: Break) -> Stage:
    """The stage with a fault. The stage itself stays as it is."""
    templates = copy.deepcopy(dict(stage.templates))
    breaking(templates)
    return Stage(stage.name, templates)


def whole(templates: Templates, name: str) -> Json:
    """The resource of that logical name; the CDK appends eight digits to some."""
    pattern = re.compile(f"{name}([0-9A-F]{{8}})?")
    found = [r for t in templates.values() for key, r in t["Resources"].items() if pattern.fullmatch(key)]
    assert len(found) == 1, f"{len(found)} resources are called {name}"
    resource: Json = found[0]
    return resource


def of(templates: Templates, name: str) -> Json:
    """Its properties."""
    properties: Json = whole(templates, name)["Properties"]
    return properties


def put(inside: Any, path: str, value: Any) -> None:
    """Set what is at a path such as `Targets.0.Arn`."""
    *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in way:
        inside = inside[key]
    inside[last] = value


def drop(templates: Templates, name: str) -> None:
    """Take a resource away."""
    resource = whole(templates, name)
    for template in templates.values():
        template["Resources"] = {key: r for key, r in template["Resources"].items() if r is not resource}


def add(templates: Templates, kind: str, **properties: Any) -> None:
    templates["shop"]["Resources"]["Added"] = {"Type": kind, "Properties": properties}


def double(templates: Templates, name: str, **properties: Any) -> None:
    """Put another one beside a resource."""
    twin = copy.deepcopy(whole(templates, name))
    twin["Properties"] |= properties
    templates["shop"]["Resources"]["Twin"] = twin


def statements(templates: Templates, role: str) -> list[Json]:
    found: list[Json] = of(templates, role)["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def allow(templates: Templates, action: str, resource: Any) -> None:
    """One more statement in a role."""
    statements(templates, "CatalogApiRole").append({"Action": action, "Effect": "Allow", "Resource": resource})


def tell(templates: Templates, variable: str, value: Any) -> None:
    of(templates, "CatalogApi")["Environment"]["Variables"][variable] = value


def arn(templates: Templates, name: str) -> Json:
    """A reference to the ARN of a resource of the shop."""
    resource = whole(templates, name)
    return {"Fn::GetAtt": [next(k for k, r in templates["shop"]["Resources"].items() if r is resource), "Arn"]}


def log_group(templates: Templates) -> str:
    """The logical id of one."""
    return next(str(k) for k, r in templates["shop"]["Resources"].items() if r["Type"] == "AWS::Logs::LogGroup")


def secret(templates: Templates) -> Json:
    """The reference to a secret that the catalog is not given."""
    found: Json = of(templates, "BasketApi")["Environment"]["Variables"]["CARTWHEEL_SECRET_SEAL_KEY"]
    return found


def elsewhere() -> Json:
    """A reference to what is another stage's."""
    return {"Fn::GetStackOutput": {"StackName": "cartwheel-staging-data", "OutputName": "CatalogTableName"}}
