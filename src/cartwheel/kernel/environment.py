"""What an execution environment gives the function that runs in it: one function, one invocation at a time.

The host installs it once, before the first invocation (Lambda: at cold start; embedded host: in the fresh process).
"""

from dataclasses import dataclass, field
from typing import Any, Final

from .bus import Entrance, NoEntrance
from .identity import NoUsers, Users
from .journal import Journal, NoJournal
from .queue import Retries
from .settings import Settings
from .store import Store

VISIT: Final = "visit"  # the access of who is told the address


@dataclass(frozen=True)
class Environment:
    """The adapters behind the ports, as this function may use them, and the settings of the shop.

    `retries` says how the queue of a consumer goes on with what failed. `address` is the URL at which the shop answers
    HTTP, for who may `visit` it.
    """

    function: str
    store: Store
    settings: Settings
    bus: Entrance = field(default_factory=NoEntrance)
    journal: Journal = field(default_factory=NoJournal)
    retries: Retries = field(default_factory=Retries)
    users: Users = field(default_factory=NoUsers)
    address: str = ""


_installed: list[Environment] = []


def install(environment: Environment) -> None:
    _installed[:] = [environment]


def environment() -> Environment:
    """The environment this code runs in. Raises RuntimeError outside of one."""
    if not _installed:
        raise RuntimeError("no execution environment is installed; a host or a test has to do it")
    return _installed[0]


Handler = Any  # (event: dict, context: LambdaContext) -> dict, as Lambda calls it
