"""Clients of AWS's services: patient enough for a bad moment, impatient enough for a Lambda function's timeout."""

from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,  # seconds; the slowest answer within a region takes a tenth of it
    retries={"mode": "standard", "total_max_attempts": 3},  # so an answer, or an error, within a function's 10 seconds
    tcp_keepalive=True,  # an environment sleeps between invocations; its connections shall outlive that
)


SERVICES: Final = ("cognito-idp", "dynamodb", "events", "logs", "secretsmanager", "sqs")


class Descriptions(Loader):  # type: ignore[misc]  # botocore has no types
    """botocore's descriptions of services. It would look into the folders of all 400 to know that ours are there."""

    def list_available_services(self, *_: Any, **__: Any) -> list[str]:
        return list(SERVICES)


@cache
def session() -> Session:
    """The one session: what it reads from disk at cold start is read once for all clients."""
    made = Session()
    made.register_component("data_loader", Descriptions())
    return made


@cache
def impatient(service: str) -> Any:
    """A client that tries once, for two seconds at most: what asks how a service is will not wait for it."""
    config = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    return session().create_client(service, config=config)


@cache
def client(service: str) -> Any:
    """The environment's one client of a service, by its name as in botocore: `dynamodb`, `sqs`, `events`.

    botocore itself honours region, credentials and AWS_ENDPOINT_URL.
    """
    return session().create_client(service, config=CONFIG)
