"""What a Lambda function is told about itself: the variables that the infrastructure writes and the handlers read.

Values may be tokens that are resolved only at deployment, so each travels in a variable of its own; JSON is used only
for what is known before.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cartwheel.kernel.metrics import NAMESPACE

PREFIX: Final = "CARTWHEEL_"
SECRET: Final = "SECRET_"
INDEXES: Final = "INDEXES"
RETRY_DELAY: Final = "RETRY_DELAY"
USER_AGENT: Final = "AWS_SDK_UA_APP_ID"  # names the function in every call that it makes to AWS
MAX_RECEIVES: Final = "MAX_RECEIVES"
MEMORY: Final = 512  # MiB of a function, unless the deployment says otherwise
TEXTS: Final = (
    "function",
    "stage",
    "handler",
    "table",
    "table_name",
    "vault_name",
    "bus_name",
    "queue_url",
    "user_pool_id",
    "log_groups",
    "address",
    "issuer",
    "audience",
)


def namespace(stage: str) -> str:
    """Where a stage's own metrics are."""
    return f"{NAMESPACE}/{stage}" if stage else NAMESPACE


class IncompleteDeployment(RuntimeError):
    """A variable that the function needs is not set; the text names it."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One function with what surrounds it. What it does not need is empty.

    `handler` is `module:attribute` of the business code; `indexes` are partition and sort attribute by index name;
    `retry_delay` is in seconds; `log_groups` are names with a space between; `secrets` are ARNs by the name of the
    setting; `settings` are whole variables (`CARTWHEEL_CURRENCY`).
    """

    function: str
    stage: str = ""
    handler: str = ""
    table: str = ""
    table_name: str = ""
    vault_name: str = ""
    indexes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    bus_name: str = ""
    queue_url: str = ""
    user_pool_id: str = ""
    retry_delay: float = 0
    max_receives: int = 0
    log_groups: str = ""
    address: str = ""
    issuer: str = ""
    audience: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """Of the metrics: several stages may share an account."""
        return namespace(self.stage)

    def variables(self) -> dict[str, str]:
        """The environment of the function."""
        texts = {PREFIX + name.upper(): getattr(self, name) for name in TEXTS if getattr(self, name)}
        variables = {**self.settings, **texts, USER_AGENT: self.function}
        if self.indexes:
            variables[PREFIX + INDEXES] = json.dumps(self.indexes)
        if self.retry_delay:
            variables[PREFIX + RETRY_DELAY] = f"{self.retry_delay:g}"
        if self.max_receives:
            variables[PREFIX + MAX_RECEIVES] = str(self.max_receives)
        return variables | {PREFIX + SECRET + name.upper(): arn for name, arn in self.secrets.items()}

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Deployment":
        """From the environment. Raises IncompleteDeployment where it does not even say which function this is."""
        given = {name.removeprefix(PREFIX): text for name, text in variables.items() if name.startswith(PREFIX)}
        texts = {name: given.pop(name.upper()) for name in TEXTS if name.upper() in given}
        if "function" not in texts:
            raise IncompleteDeployment(f"{PREFIX}FUNCTION is not set: which function of the map is this?")
        indexes = json.loads(given.pop(INDEXES, "{}"))
        retry_delay, max_receives = float(given.pop(RETRY_DELAY, 0)), int(given.pop(MAX_RECEIVES, 0))
        secrets = {name: given.pop(name) for name in list(given) if name.startswith(SECRET)}
        return cls(
            **texts,
            indexes={name: (partition, sort) for name, (partition, sort) in indexes.items()},
            retry_delay=retry_delay,
            max_receives=max_receives,
            secrets={name.removeprefix(SECRET).lower(): arn for name, arn in secrets.items()},
            settings={PREFIX + name: text for name, text in given.items()},
        )

    def need(self, name: str) -> str:
        """The text, which must be there. Raises IncompleteDeployment."""
        text: str = getattr(self, name)
        if not text:
            raise IncompleteDeployment(f"{PREFIX}{name.upper()} is not set; {self.function} needs it")
        return text
