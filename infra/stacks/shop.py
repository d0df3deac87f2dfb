"""What a deployment may replace: functions, the ways to them, and what is under way between them."""

from dataclasses import asdict
from datetime import timedelta
from typing import Final

import aws_cdk
from aws_cdk import CfnOutput
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_lambda import Code
from aws_cdk.aws_lambda import Function as LambdaFunction
from aws_cdk.aws_sqs import IQueue

from cartwheel.aws.deployment import Deployment
from cartwheel.kernel import openapi, outbox
from cartwheel.kernel.journal import JOURNAL
from cartwheel.kernel.platform_metrics import dead_letters
from cartwheel.kernel.topology import App, Consumer, Function, Slice
from infra.names import pascal
from infra.parts import consumer as consumers
from infra.parts import direct, relay, schedule
from infra.parts.api import Api
from infra.parts.business import Business
from infra.parts.function import Place, make_function
from infra.parts.permissions import receive, relay_rows, send, use_table
from infra.parts.queue import consumer_queue, last_resort, let_rules_send
from infra.parts.schedule import Timer
from infra.parts.signals import Signals
from infra.settings import Settings
from infra.watched import PAGES, RELAY_FAILURES, UNDELIVERED

from .data import Data
from .identity import Identity
from .part import Part

PAGES_TIMEOUT: Final = 10.0  # seconds
HEARTBEAT: Final = "ordering"  # the table without which nothing is sold
SWEEP: Final = timedelta(minutes=1)


class Shop(Part):
    """The map, made real. `signals` are the names by which it is watched."""

    def __init__(
        self, app: aws_cdk.App, settings: Settings, code: str, shop: App, data: Data, identity: Identity
    ) -> None:
        super().__init__(app, "shop", settings)
        self._data, self._identity = data, identity
        self._place = Place(self, settings, Code.from_asset(code))
        self.bus = EventBus(self, "Bus")
        document = openapi.document(shop, settings.shop.require_token)
        api = Api(self, document, identity.tokens, settings)
        self._business = Business(self._place, data.tables, data.vault, data.secrets, self.bus, identity.pool, api.url)
        CfnOutput(self, "EventBusName", value=self.bus.event_bus_name)
        self._undelivered = last_resort(self, "Undelivered")
        self._relay_failures = last_resort(self, "RelayFailures")
        self._queues: dict[str, IQueue] = {UNDELIVERED: self._undelivered, RELAY_FAILURES: self._relay_failures}
        rules = [rule for part in shop.slices for consumer in part.consumers for rule in self._consume(part, consumer)]
        let_rules_send(self._undelivered, rules)
        timers = [timer for part in shop.slices for timer in (*self._relays(part), *self._schedules(part))]
        schedule.start(self, timers, self._undelivered)
        for part in shop.slices:
            for function in part.invoked:
                self._invoked(part, function)
        self._answer(shop, api)
        self.signals = Signals(
            settings,
            {name: made.function_name for name, made in (identity.functions | self._place.functions).items()},
            {name: queue.queue_name for name, queue in self._queues.items()},
            api.id,
            identity.ids,
        )

    def _answer(self, shop: App, api: Api) -> None:
        """Who reads the logs of all others comes after them."""
        pages = self._pages()
        apis = [(part, part.api) for part in shop.slices if part.api]
        apis.sort(key=lambda each: JOURNAL in each[1].access)
        functions = {api.name: self._api(part, api) for part, api in apis}
        api.route(functions, pages)

    def _pages(self) -> LambdaFunction:
        """They read in one table, to see whether it answers."""
        orders = self._data.tables[HEARTBEAT]
        deployment = Deployment(function=PAGES, stage=self.settings.stage, table_name=orders.table_name)
        return make_function(self._place, deployment, "pages", PAGES_TIMEOUT, use_table(orders.table_arn, ["get"]))

    def _api(self, part: Slice, function: Function) -> LambdaFunction:
        return self._business.make("api", part, function, **asdict(self._identity.tokens))

    def _consume(self, part: Slice, consumer: Consumer) -> list[str]:
        """Answers the ARNs of its rules."""
        queue = consumer_queue(self, pascal(consumer.name), consumer)
        self._queues[consumer.name] = queue
        if queue.dead_letter_queue:
            self._queues[dead_letters(consumer.name)] = queue.dead_letter_queue.queue
        function = self._business.make(
            "consumer",
            part,
            consumer.function,
            receive(queue.queue_arn),
            queue_url=queue.queue_url,
            retry_delay=consumer.retry_delay.total_seconds(),
            max_receives=consumer.max_receives,
        )
        consumers.feed(self._place, consumer, queue, function)
        return consumers.subscribe(self._place, consumer, self.bus, queue, self._undelivered)

    def _schedules(self, part: Slice) -> list[Timer]:
        return [
            Timer(pascal(due.function.name), self._business.make("schedule", part, due.function), due.every)
            for due in part.schedules
        ]

    def _invoked(self, part: Slice, function: Function) -> None:
        """Who may invoke it is for their own roles to say. An asynchronous call that fails three times is kept."""
        made = self._business.make("direct", part, function, send(self._undelivered.queue_arn))
        direct.keep_failures(self, pascal(function.name), made, self._undelivered)

    def _relays(self, part: Slice) -> list[Timer]:
        """The relay of a slice that has anything to tell. Its sweeper is the same function on a schedule."""
        if not part.emits:
            return []
        table = self._data.tables[part.table.name]
        stream = str(table.table_stream_arn)
        permissions = relay_rows(table.table_arn, stream, outbox.INDEX, self.bus.event_bus_arn)
        deployment = self._business.deployment(part, function=f"{part.name}-relay", bus_name=self.bus.event_bus_name)
        permissions.append(send(self._relay_failures.queue_arn))
        function = make_function(self._place, deployment, "relay", relay.TIMEOUT, permissions)
        relay.wake(self._place, part.name, stream, function, self._relay_failures)
        return [Timer(pascal(deployment.function), function, SWEEP)]
