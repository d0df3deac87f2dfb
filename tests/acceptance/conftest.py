"""One suite, every host. Without options: the embedded host, and the stack deployed into the stand-in.

pytest tests/acceptance -k embedded           one of the two
pytest tests/acceptance --stage dev-anna      a deployed stage, with the AWS credentials of the environment
pytest tests/acceptance --url https://…       any shop; tokens in CARTWHEEL_STAFF_TOKEN and CARTWHEEL_CUSTOMER_TOKEN
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .cloud import Cloud
from .embedded import Embedded
from .hosts import MESSAGES, Host
from .outcomes import HOSTS, Outcomes
from .plain import Plain
from .shop import Shop
from .sown import Sown, sow
from .standin import StandIn

HERE = Path(__file__).parent
LEFT_OUT = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("acceptance")
    group.addoption("--url", help="the address of the shop to test; with --stage, where it has a name of its own")
    group.addoption("--stage", help="the deployed stage to test, instead of the hosts started here")
    group.addoption("--operations", type=Path, help="write what an order costs in operations to this file, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*abilities): what a case wants of its host beside HTTP")
    config.addinivalue_line("markers", "ripe: looks at what was sown, so it comes after the other cases")
    config.addinivalue_line("markers", "last: accounts for the whole run, so it comes after all cases")
    config.pluginmanager.register(Outcomes())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "host" in metafunc.fixturenames:
        metafunc.parametrize("host", _hosts(metafunc.config), indirect=True, scope="package")


def _hosts(config: pytest.Config) -> list[str]:
    if config.getoption("--stage", None):
        return ["stage"]
    return ["url"] if config.getoption("--url", None) else ["embedded", "stand-in"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, int]:
    """One host after the other; items that are not ours keep their place, before all."""
    if item.path.parent != HERE or not isinstance(item, pytest.Function):
        return -1, 0
    marked = [item.get_closest_marker(name) is not None for name in ("ripe", "last")]
    return HOSTS.index(str(item.callspec.params["host"])), marked.index(True) + 1 if any(marked) else 0


@pytest.fixture(scope="package")
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = _open(request.param, request.config, tmp_path_factory.mktemp(request.param))
    yield host
    host.close()


def _open(name: str, config: pytest.Config, folder: Path) -> Host:
    match name:
        case "embedded":
            return Embedded(folder / "shop")
        case "stand-in":
            return StandIn(folder)
        case "stage":
            return Cloud(config.getoption("--stage"), config.getoption("--url") or "")
    return Plain(config.getoption("--url"))


@pytest.fixture(autouse=True)
def _able(request: pytest.FixtureRequest) -> None:
    """A case that the host cannot serve is not run there, and the table at the end says why."""
    if "host" not in request.fixturenames:
        return
    host: Host = request.getfixturevalue("host")
    for marker in request.node.iter_markers("needs"):
        for ability in marker.args:
            if ability in host.lacks:
                pytest.skip(host.lacks[ability])


@pytest.fixture(scope="package")
def shop(host: Host) -> Shop:
    """The host with goods on sale: each case buys of its own, so that it can count them."""
    shop = Shop(host)
    shop.open()
    return shop


@pytest.fixture(scope="package", autouse=True)
def sown(shop: Shop) -> Sown | None:
    """What takes its time is begun before all else, and looked at when it is ripe."""
    return None if MESSAGES in shop.host.lacks else sow(shop)


@pytest.fixture
def every_case(request: pytest.FixtureRequest) -> None:
    """For what can only be said when nothing was left out."""
    left_out = request.config.stash.get(LEFT_OUT, set())
    if request.node.callspec.params["host"] in left_out:
        pytest.skip("only a part of the suite was run")


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE and isinstance(item, pytest.Function):
            item.config.stash.setdefault(LEFT_OUT, set()).add(str(item.callspec.params["host"]))
