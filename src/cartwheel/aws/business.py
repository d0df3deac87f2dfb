"""The business function of a deployment: what a slice wrote, with the environment that it expects."""

from dataclasses import replace
from importlib import import_module

from cartwheel.kernel.bus import Entrance, NoEntrance
from cartwheel.kernel.environment import Environment, install
from cartwheel.kernel.identity import NoUsers, Users
from cartwheel.kernel.journal import Journal, NoJournal
from cartwheel.kernel.queue import Retries
from cartwheel.kernel.settings import Settings

from . import clients
from .cold_start import Handler
from .deployment import Deployment
from .own_table import open_store


def load(deployment: Deployment) -> Handler:
    """Install its environment and import it. Raises IncompleteDeployment, InvalidSetting, and botocore's errors."""
    store, settings = open_store(deployment), read_settings(deployment)
    retries = Retries(deployment.max_receives, deployment.retry_delay)
    bus, journal, users = open_bus(deployment), open_journal(deployment), open_users(deployment)
    install(Environment(deployment.function, store, settings, bus, journal, retries, users, deployment.address))
    module, _, attribute = deployment.need("handler").partition(":")
    handler: Handler = getattr(import_module(module), attribute)
    return handler


def open_bus(deployment: Deployment) -> Entrance:
    """The bus, for those that are told of it."""
    if not deployment.bus_name:
        return NoEntrance(deployment.function)
    from .bus import EventBridgeBus  # late: few functions publish by themselves

    return EventBridgeBus(clients.client("events"), deployment.bus_name)


def open_journal(deployment: Deployment) -> Journal:
    """The logs of the shop, for those that are told of them."""
    if not deployment.log_groups:
        return NoJournal(deployment.function)
    from .journal import InsightsJournal  # late: one function reads what the others write

    return InsightsJournal(lambda: clients.client("logs"), deployment.log_groups.split())


def open_users(deployment: Deployment) -> Users:
    """The user pool, for those that are told of it."""
    if not deployment.user_pool_id:
        return NoUsers(deployment.function)
    from .users import CognitoUsers  # late: few functions end accounts

    return CognitoUsers(clients.client("cognito-idp"), deployment.user_pool_id)


def read_settings(deployment: Deployment) -> Settings:
    """With the secrets that are declared, fetched here and now; the others are withheld."""
    settings = Settings.read(deployment.settings)
    secrets = {name: _secret(arn) for name, arn in deployment.secrets.items()}
    return replace(settings, **secrets).for_function(deployment.function, secrets)  # type: ignore[arg-type]


def _secret(arn: str) -> str:
    text: str = clients.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return text
