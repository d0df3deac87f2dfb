"""Every function as it is deployed: its entry point and its variables."""

from dataclasses import dataclass
from typing import Any, Final

from cartwheel.app import APP
from cartwheel.aws.deployment import Deployment
from cartwheel.kernel.journal import JOURNAL
from cartwheel.kernel.topology import Function, Slice
from cartwheel.kernel.vault import granted

RELAY: Final = {"bus_name": "bus"}
TOKENS: Final = {"issuer": "https://issuer.example", "audience": "shoppers"}


@dataclass(frozen=True)
class Deployed:
    """`trigger` names the entry point; `slice` is empty for what belongs to none."""

    trigger: str
    slice: str
    deployment: Deployment

    @property
    def name(self) -> str:
        return self.deployment.function

    @property
    def budget(self) -> float:
        """Of a cold start, in those of boto3 with a DynamoDB client."""
        return 1.8 if self.trigger in ("api", "pages") else 1.5


def every_function() -> list[Deployed]:
    return [each for part in APP.slices for each in _of(part)] + [Deployed("pages", "", Deployment(function="pages"))]


def _of(part: Slice) -> list[Deployed]:
    return [
        *([_function("api", part, part.api, **TOKENS, **_journal(part.api))] if part.api else []),
        *(
            _function("consumer", part, each.function, queue_url="https://queue.example", retry_delay=1, max_receives=5)
            for each in part.consumers
        ),
        *(_function("schedule", part, each.function) for each in part.schedules),
        *(_function("direct", part, each, bus_name="bus") for each in part.invoked),
        *(
            [Deployed("relay", part.name, _deployment(part, **RELAY, function=f"{part.name}-relay"))]
            if part.emits
            else []
        ),
    ]


def _journal(function: Function) -> dict[str, str]:
    return {"log_groups": "group"} if JOURNAL in function.access else {}


def _function(trigger: str, part: Slice, function: Function, **surroundings: Any) -> Deployed:
    secrets = {name: f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}" for name in function.secrets}
    about = {"function": function.name, "handler": function.handler, "secrets": secrets}
    if granted(function.access):
        surroundings["vault_name"] = "the-vault"
    return Deployed(trigger, part.name, _deployment(part, **about, **surroundings))


def _deployment(part: Slice, **surroundings: Any) -> Deployment:
    indexes = {index.name: (index.partition, index.sort) for index in part.table.all_indexes}
    return Deployment(table=part.table.name, table_name=f"the-{part.table.name}", indexes=indexes, **surroundings)
