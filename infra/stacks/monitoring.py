"""Who is told when something is wrong, and what they look at (ADR 35). Only where the settings want it: it costs."""

from aws_cdk import App, CfnOutput

from cartwheel.kernel import topology
from cartwheel.kernel.derived_dashboard import dashboard_of
from cartwheel.kernel.settings import Settings as ShopSettings
from infra.parts.alarms import watch
from infra.parts.dashboard import show
from infra.parts.signals import Signals
from infra.parts.topic import alarm_topic
from infra.settings import Settings
from infra.watched import alarms_on_aws

from .part import Part


class Monitoring(Part):
    """Topic, alarms and dashboard of a stage."""

    def __init__(self, app: App, settings: Settings, shop: topology.App, signals: Signals) -> None:
        super().__init__(app, "monitoring", settings)
        shop_settings = ShopSettings.read(settings.variables)
        topic = alarm_topic(self, shop_settings.alarm_email)
        watch(self, alarms_on_aws(shop, shop_settings), signals, topic.topic_arn)
        dashboard = show(self, dashboard_of(shop, shop_settings.currency), signals)
        CfnOutput(self, "DashboardName", value=dashboard.ref)
