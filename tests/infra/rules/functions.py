"""A function is what the map says, can be watched, and is told all it needs."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from cartwheel.aws.deployment import Deployment, IncompleteDeployment
from infra.parts.bundle import PACKAGE, shipped
from tests.infra import wanted
from tests.infra.stage import FUNCTION, Stage, differences, variables

ARCHITECTURE: Final = "arm64"
RUNTIME: Final = "python3.13"
MEMORY: Final = 512  # MiB; infra/settings.py says why
MOST_VARIABLES: Final = 4096  # bytes; more is refused at the deployment
MOST_GROUPS: Final = 50  # of one query
API_TIMEOUT: Final = 29  # seconds; API Gateway waits no longer than 30


def the_map_has_them_all(stage: Stage) -> Iterator[str]:
    """Those of the map, a relay for each slice that emits, and the pages: none is missing, twice there or besides."""
    found = Counter(variables(properties).get("CARTWHEEL_FUNCTION", name) for name, properties in _all(stage))
    yield from differences(found, dict.fromkeys(wanted.functions(), 1), "the number of functions")


def timeouts_are_those_of_the_map(stage: Stage) -> Iterator[str]:
    found = {name: properties.get("Timeout") for name, (_, properties) in stage.functions.items()}
    due = {name: each.timeout.total_seconds() for name, each in wanted.functions().items()}
    yield from differences(found, due, "the timeout of")


def apis_answer_before_the_gateway_gives_up(stage: Stage) -> Iterator[str]:
    for name, function in _all(stage):
        if function["Handler"].endswith((".api.handler", ".pages.handler")) and function["Timeout"] > API_TIMEOUT:
            yield f"{name} may still be at work when API Gateway has answered 503"


def each_has_a_log_group_of_its_own(stage: Stage) -> Iterator[str]:
    groups = Counter(function.get("LoggingConfig", {}).get("LogGroup") for _, function in _all(stage))
    for group, users in groups.items():
        if group not in stage.of("AWS::Logs::LogGroup") or users > 1:
            yield f"{users} functions write to the log group {group}"


def logs_are_kept_for_a_time(stage: Stage) -> Iterator[str]:
    for name, group in stage.of("AWS::Logs::LogGroup").items():
        if group.get("RetentionInDays") != (90 if stage.production else 7):
            yield f"{name} keeps logs for {group.get('RetentionInDays')} days"


def logs_are_json(stage: Stage) -> Iterator[str]:
    for name, function in _all(stage):
        if function.get("LoggingConfig", {}).get("LogFormat") != "JSON":
            yield f"{name} writes lines that cannot be searched by field"


def calls_are_traced(stage: Stage) -> Iterator[str]:
    for name, function in _all(stage):
        if function.get("TracingConfig", {}).get("Mode") != "Active":
            yield f"{name} is not traced"


def all_run_alike(stage: Stage) -> Iterator[str]:
    """The documented processor, Python and memory."""
    for name, function in _all(stage):
        found = (function.get("Architectures"), function.get("Runtime"), function.get("MemorySize"))
        if found != ([ARCHITECTURE], RUNTIME, MEMORY):
            yield f"{name} runs on {found}"


def all_share_one_bundle(stage: Stage) -> Iterator[str]:
    bundles = {str(function.get("Code")) for _, function in _all(stage)}
    if len(bundles) > 1:
        yield f"there are {len(bundles)} bundles: {bundles}"


def entry_points_are_in_the_bundle(stage: Stage) -> Iterator[str]:
    """Lambda's own, by the kind of trigger, and the one of the business code that it calls."""
    for name, each in wanted.functions().items():
        _, function = stage.functions.get(name, ("", {}))
        if function.get("Handler") != f"cartwheel.aws.{each.trigger}.handler":
            yield f"{name} starts at {function.get('Handler')}, and should be woken as {each.trigger}"
    for name, function in _all(stage):
        module, _, attribute = function["Handler"].rpartition(".")
        if not _is_shipped(module) or attribute != "handler":
            yield f"{name} starts at {function['Handler']}, which is not in the bundle"
        business, _, attribute = variables(function).get("CARTWHEEL_HANDLER", "").partition(":")
        if business and attribute not in _defined(business):
            yield f"{name} calls {business}:{attribute}, which is not in the bundle"


def variables_are_what_the_function_needs(stage: Stage) -> Iterator[str]:
    """As the function itself reads them: nothing is missing, wrong, or not meant for it."""
    for name, each in wanted.functions().items():
        _, function = stage.functions.get(name, ("", {}))
        due = wanted.deployment(stage, each)
        try:
            read = Deployment.read(variables(function))
        except IncompleteDeployment as error:
            yield f"{name}: {error}"
            continue
        yield from differences(vars(read), vars(due), f"{name}:")
        yield from (f"{name} has the variable {odd}" for odd in variables(function).keys() ^ due.variables().keys())


def variables_fit_into_what_lambda_takes(stage: Stage) -> Iterator[str]:
    """With the names that a deployment makes: those of what is in a stack are its name, theirs, and 12 letters more."""
    for name, (_, function) in stage.functions.items():
        texts = [f"{variable}{value}" for variable, value in variables(function).items()]
        made = sum(text.count("shop/") for text in texts) * len(f"cartwheel-{stage.name}---------------")
        if sum(map(len, texts)) + made > MOST_VARIABLES:
            yield f"{name} has variables of more than {MOST_VARIABLES} bytes"


def no_query_reads_more_groups_than_it_can(stage: Stage) -> Iterator[str]:
    for name, (_, function) in stage.functions.items():
        groups = variables(function).get("CARTWHEEL_LOG_GROUPS", "").split()
        if len(groups) > MOST_GROUPS:
            yield f"{name} searches {len(groups)} log groups"


def secrets_are_only_where_they_are_declared(stage: Stage) -> Iterator[str]:
    """And only as their names: the value is fetched by the function."""
    declared = {name: each.function.secrets for name, each in wanted.functions().items() if each.function}
    secrets = stage.of("AWS::SecretsManager::Secret")
    for name, (_, function) in stage.functions.items():
        allowed = {stage.secret(secret) for secret in declared.get(name, ())}
        for variable, value in variables(function).items():
            if value in secrets and value not in allowed:
                yield f"{name} is told of a secret that the map does not give it: {variable}"
            if "resolve:secretsmanager" in value:
                yield f"{name} has a secret's value in {variable}, where everybody reads it who may look at functions"


def _all(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    return list(stage.of(FUNCTION).items())


@cache
def _is_shipped(module: str) -> bool:
    return Path(*module.split(".")[1:]).with_suffix(".py") in set(shipped())


@cache
def _defined(module: str) -> set[str]:
    """The names at the top of a module of the bundle."""
    if not _is_shipped(module):
        return set()
    tree = ast.parse((PACKAGE / Path(*module.split(".")[1:]).with_suffix(".py")).read_text())
    named = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    stored = [node for top in tree.body for node in ast.walk(top) if isinstance(node, ast.Name)]
    return named | {node.id for node in stored if isinstance(node.ctx, ast.Store)}
