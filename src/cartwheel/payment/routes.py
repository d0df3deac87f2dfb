"""HTTP in: the provider's webhook, and the staff's view of a payment."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header

from cartwheel.kernel import http
from cartwheel.kernel.clock import now
from cartwheel.kernel.environment import environment
from cartwheel.kernel.errors import NotFound
from cartwheel.kernel.idempotency import Claim
from cartwheel.kernel.money import shown
from cartwheel.kernel.router import SIGNED
from cartwheel.kernel.schema import Record, Request, Text
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import providers, service
from .model import Payment, PaymentState
from .provider import Authorised, Decision, Declined, order_of
from .signature import verify

app = http.api("payment")


class Webhook(Request):
    """What the provider decided about the charge of that key; `id` names the webhook."""

    id: Text
    key: Text
    outcome: Literal["authorised", "declined"]
    reason: Text | None = None

    def decision(self) -> Decision:
        return Authorised() if self.outcome == "authorised" else Declined(self.reason or "no reason given")


class WebhookTaken(Record):
    """The state the payment now has; a webhook that comes late or again does not change it."""

    id: str
    state: PaymentState


class PaymentAnswer(Record):
    """A payment, with its amount as a decimal."""

    order_id: str
    amount: float
    currency: str
    state: PaymentState
    reference: str | None = None
    reason: str | None = None
    created_at: str
    changed_at: str

    @classmethod
    def of(cls, payment: Payment) -> "PaymentAnswer":
        return cls.model_validate({**payment.model_dump(), "amount": shown(payment.amount, payment.currency)})


@app.post(
    "/payments/webhooks/<provider>",
    **http.route("Tell the outcome of a charge (signed)", WebhookTaken),
    openapi_extensions={SIGNED: True},
)
def take_webhook(
    provider: str,
    webhook: Annotated[Webhook, Body()],
    signature: Annotated[str, Header(alias="X-Signature")] = "",
) -> Response[str]:
    if provider != providers.NAME:
        raise NotFound(f"No such payment provider calls here; the one in use is {providers.NAME!r}.")
    verify(signature, app.current_event.decoded_body or "", environment().settings.webhook_secret, now())

    def settle(unit: UnitOfWork) -> WebhookTaken:
        payment = service.settle(unit, order_of(webhook.key), webhook.decision())
        return WebhookTaken(id=webhook.id, state=payment.state)

    # Whatever comes under its id again, within the signature's time or signed anew, changes nothing.
    return http.command(app, settle, claim=Claim(f"webhook {provider}", webhook.id, fingerprint=""))


@app.get("/payments/<order_id>", **http.route("Read an order's payment", PaymentAnswer, role="staff"))
def read_payment(order_id: str) -> Response[str]:
    return http.answer(PaymentAnswer.of(service.find(environment().store, order_id)))


handler = http.handler(app)
