"""Every event for a while, so that they can be replayed. In a stack of its own: it holds data, and can be left out."""

from aws_cdk import App, RemovalPolicy
from aws_cdk.aws_events import CfnArchive, EventBus

from infra.settings import Settings

from .part import Part


class Archive(Part):
    def __init__(self, app: App, settings: Settings, bus: EventBus) -> None:
        super().__init__(app, "archive", settings)
        archive = CfnArchive(
            self,
            "Archive",
            source_arn=bus.event_bus_arn,
            retention_days=14 if settings.production else 3,
        )
        archive.apply_removal_policy(RemovalPolicy.RETAIN if settings.production else RemovalPolicy.DESTROY)
