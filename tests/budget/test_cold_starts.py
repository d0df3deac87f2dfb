"""What a function loads before its first invocation: how long that takes, and what may be among it."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from .functions import Deployed, every_function
from .starting import Started, Starter, starter

# Of the bundle and of Lambda's own: the packages that a kind of function may load. All of them, and nothing else.
PYDANTIC = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
POWERTOOLS = {"aws_lambda_powertools", "jmespath"}
BOTOCORE = {"botocore", "certifi", "dateutil", "jmespath", "six", "urllib3"}
MAILS = {"jinja2", "markupsafe"}
MAY_LOAD = {
    "api": PYDANTIC | POWERTOOLS | BOTOCORE,
    "consumer": PYDANTIC | POWERTOOLS | BOTOCORE,
    "schedule": PYDANTIC | POWERTOOLS | BOTOCORE,
    "direct": PYDANTIC | POWERTOOLS | BOTOCORE,
    "relay": POWERTOOLS | BOTOCORE | {"typing_extensions"},
    "pages": PYDANTIC,
}
NEVER = {
    "boto3",
    "cryptography",
    "httpx",
    "orjson",
    "rich",
    "sqlite3",
    "multiprocessing",
    "typer",
    "uvicorn",
}
EVENT_HANDLER = "aws_lambda_powertools.event_handler"


@pytest.fixture(scope="module")
def fresh() -> Iterator[Starter]:
    with starter() as starting:
        yield starting


@pytest.fixture(scope="module", params=every_function(), ids=lambda deployed: deployed.name)
def start(request: pytest.FixtureRequest, fresh: Starter) -> tuple[Deployed, Started]:
    """Each function, and what one start of it loaded."""
    return request.param, fresh.function(request.param)


def packages(started: Started, bundle: Path) -> set[str]:
    """The top-level names of what lies in the bundle or among installed packages, Cartwheel aside."""
    return {
        name.partition(".")[0]
        for name, file in started.files.items()
        if file and (file.startswith(str(bundle)) or "site-packages" in file)
    } - {"cartwheel"}


def slices(started: Started) -> dict[str, set[str]]:
    """The modules of each part of Cartwheel that are loaded."""
    loaded: dict[str, set[str]] = {}
    for name in started.files:
        root, _, rest = name.partition(".")
        if root == "cartwheel" and rest:
            part, _, module = rest.partition(".")
            loaded.setdefault(part, set()).add(module)
    return loaded


def test_loads_no_more_than_it_may(fresh: Starter, start: tuple[Deployed, Started]) -> None:
    deployed, started = start
    allowed = MAY_LOAD[deployed.trigger] | (
        MAILS if deployed.slice == "notification" and deployed.trigger == "consumer" else set()
    )
    assert packages(started, fresh.folder) - allowed == set()
    assert {name.partition(".")[0] for name in started.files} & NEVER == set()
    assert (EVENT_HANDLER in started.files) == (deployed.trigger == "api")


def test_runs_from_the_bundle_and_with_its_own_slice(fresh: Starter, start: tuple[Deployed, Started]) -> None:
    deployed, started = start
    for name, file in started.files.items():
        if file and name.partition(".")[0] in {"cartwheel", *PYDANTIC, *POWERTOOLS, *MAILS}:
            assert file.startswith(str(fresh.folder)), name
    loaded = slices(started)
    for name in ("kernel", "aws"):
        loaded.pop(name)
    own = loaded.pop(deployed.slice, set()) if deployed.trigger not in ("relay", "pages") else set()
    assert bool(own) == (deployed.trigger not in ("relay", "pages"))
    assert {module for modules in loaded.values() for module in modules} <= {"", "events"}


@pytest.mark.load
def test_every_cold_start_keeps_its_budget(fresh: Starter) -> None:
    """Against boto3 with a DynamoDB client, in turn with it; who is over has a second chance, with more runs."""
    first = measured(fresh, every_function(), runs=1)
    second = measured(fresh, [each for each in every_function() if first[each.name] > each.budget], runs=15)
    assert {each.name: second[each.name] for each in every_function() if second.get(each.name, 0) > each.budget} == {}


def measured(fresh: Starter, functions: list[Deployed], runs: int) -> dict[str, float]:
    """How many of boto3's starts each takes, by name: the medians of both, for any single one may be disturbed."""
    boto3: list[float] = []
    seconds: dict[str, list[float]] = {each.name: [] for each in functions}
    for _ in range(runs):
        for number, each in enumerate(functions):
            if number % 4 == 0:
                boto3.append(fresh.boto3().seconds)
            seconds[each.name].append(fresh.function(each).seconds)
    return {name: median(found) / median(boto3) for name, found in seconds.items()}
