"""A function gets its table, its settings and those secrets that it declares, once; importing a module does nothing."""

import importlib
from typing import Any

import pytest

from cartwheel.aws import cold_start
from cartwheel.aws.business import load, read_settings
from cartwheel.aws.deployment import Deployment, IncompleteDeployment
from cartwheel.aws.own_table import open_store
from cartwheel.kernel import schedule
from cartwheel.kernel.environment import environment
from cartwheel.kernel.ids import is_sealed, sealed_id
from cartwheel.kernel.settings import InvalidSetting
from cartwheel.kernel.store import Key, Put, Store

from .world import CONTEXT, Clients, Service, refusal

DEPLOYMENT = Deployment(
    function="shelf-api", handler="tests.kernel.shelf:handle", table="things", table_name="things-1A2B"
)
SECRETS = {"seal_key": "arn:seal", "webhook_secret": "arn:webhook"}


def vault(clients: Clients) -> Service:
    return clients.add(
        "secretsmanager", get_secret_value=lambda **asked: {"SecretString": f"secret of {asked['SecretId']}"}
    )


def deployed(**changes: Any) -> Deployment:
    return Deployment(**{"function": "shelf-api", "handler": DEPLOYMENT.handler, **changes})


def test_the_environment_is_installed_around_the_function(clients: Clients, store: Store) -> None:
    loaded = load(deployed(settings={"CARTWHEEL_CURRENCY": "USD"}))
    assert loaded.__module__ == "cartwheel.kernel.http"
    here = environment()
    assert (here.function, here.store, here.settings.currency) == ("shelf-api", store, "USD")


def test_declared_secrets_are_fetched_once(clients: Clients) -> None:
    service = vault(clients)
    load(deployed(secrets=SECRETS))
    settings = environment().settings
    assert (settings.seal_key, settings.webhook_secret) == ("secret of arn:seal", "secret of arn:webhook")
    assert service.requests("get_secret_value") == [{"SecretId": "arn:seal"}, {"SecretId": "arn:webhook"}]
    assert is_sealed(sealed_id(settings.seal_key), settings.seal_key)


def test_what_is_not_declared_is_neither_fetched_nor_had(clients: Clients) -> None:
    service = vault(clients)
    settings = read_settings(deployed(secrets={"webhook_secret": "arn:webhook"}))
    assert service.requests("get_secret_value") == [{"SecretId": "arn:webhook"}]
    with pytest.raises(PermissionError, match="shelf-api uses seal_key without it in its `secrets`"):
        sealed_id(settings.seal_key)
    assert settings.webhook_secret.encode()


def test_without_secrets_there_is_no_call(clients: Clients) -> None:
    assert read_settings(deployed()).shop_name == "Cartwheel"


def test_a_secret_in_a_variable_is_none(clients: Clients) -> None:
    """Whoever sets it there would let every function have it."""
    settings = read_settings(deployed(settings={"CARTWHEEL_SEAL_KEY": "plain"}))
    with pytest.raises(PermissionError):
        settings.seal_key.encode()


def test_a_start_without_its_secret_or_with_a_wrong_setting_fails(clients: Clients) -> None:
    def denied(**_: Any) -> None:
        raise refusal("AccessDeniedException")

    clients.add("secretsmanager", get_secret_value=denied)
    with pytest.raises(Exception, match="AccessDenied"):
        load(deployed(secrets=SECRETS))
    with pytest.raises(InvalidSetting):
        load(deployed(settings={"CARTWHEEL_CURRENCY": "XXX"}))
    with pytest.raises(IncompleteDeployment, match="CARTWHEEL_HANDLER"):
        load(deployed(handler=""))


def test_the_store_is_the_functions_own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    monkeypatch.setattr("cartwheel.aws.clients.client", clients.client)
    dynamodb = clients.add("dynamodb", put_item=lambda **_: {}, get_item=lambda **_: {})
    store = open_store(DEPLOYMENT)
    store.transact([Put("things", {"PK": "a", "SK": "b"})])
    assert store.get("things", Key("a", "b")) is None
    assert {request["TableName"] for _, request in dynamodb.asked} == {"things-1A2B"}
    with pytest.raises(IncompleteDeployment, match="CARTWHEEL_TABLE_NAME"):
        open_store(deployed(table="things"))


MODULES = ("api", "consumer", "direct", "schedule", "relay", "pages")


@pytest.mark.parametrize("name", MODULES)
def test_importing_a_module_does_nothing(name: str) -> None:
    """Its handler is made when Lambda asks for it: here, outside of a deployment, that fails and says why."""
    module = importlib.import_module(f"cartwheel.aws.{name}")
    with pytest.raises(IncompleteDeployment, match="CARTWHEEL_FUNCTION"):
        module.handler  # noqa: B018
    with pytest.raises(AttributeError, match="nothing_such"):
        module.nothing_such  # noqa: B018


def test_the_handler_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Deployment] = []

    def make(deployment: Deployment) -> Any:
        made.append(deployment)
        return lambda event, context: event

    monkeypatch.setenv("CARTWHEEL_FUNCTION", "once")
    attribute = cold_start.at_cold_start(make)
    assert attribute("handler") is attribute("handler")
    assert [each.function for each in made] == ["once"]
    assert attribute("handler")({"a": 1}, CONTEXT) == {"a": 1}


def test_a_schedule_is_the_business_function_itself(clients: Clients, store: Store) -> None:
    run = load(deployed(handler="tests.aws.test_business:tidy"))
    assert run({"source": "aws.scheduler"}, CONTEXT) == {"count": 3}


def _three(here: Any) -> int:
    assert here is environment()
    return 3


tidy = schedule.handler(_three)
