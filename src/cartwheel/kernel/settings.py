"""The settings of a shop: read once from `CARTWHEEL_*` variables, the same names on both hosts."""

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, Final, Literal, NoReturn, get_args
from urllib.parse import unquote, urlsplit

from .money import DIGITS

Secret = Literal["seal_key", "webhook_secret", "smtp_password"]
SECRETS: Final[tuple[Secret, ...]] = get_args(Secret)

RUNBOOK: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%+-]+)*")  # no user, query or fragment
ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


class InvalidSetting(ValueError):
    """A variable has a value that cannot be used; the text names it and says what is wanted."""


class Withheld(str):
    """In the place of a secret that a function has not declared. Keys are used as bytes: that fails, with this text."""

    def encode(self, *_: Any, **__: Any) -> NoReturn:
        raise PermissionError(str(self))


@dataclass(frozen=True)
class Settings:
    """Each field is the variable `CARTWHEEL_<FIELD>`; durations are in seconds."""

    currency: str = "EUR"
    shop_name: str = "Cartwheel"
    stock_deadline: float = 300  # an order waits this long for its stock
    payment_deadline: float = 900  # … and this long for its payment
    fulfilment_deadline: float = 14 * 86400  # … and a paid one this long to be sent
    reservation_lifetime: float = 3600  # longer than stock and payment deadlines together
    reconciliation_grace: float = 600  # what changed since may be under way: two slices need not agree about it yet
    usual_orders: int = 30  # a quarter of an hour that usually brings fewer orders, or payments, is not compared
    alarm_email: str = ""  # who is told of alarms; empty: nobody
    runbook: str = "docs/runbooks"  # where the pages of alarms are; https://…, and mails have links to follow
    alarm_errors: int = 1  # failed invocations of a function a minute: none is expected
    alarm_throttles: int = 1  # invocations refused a minute: none is expected
    alarm_near_timeout: int = 1  # invocations near their timeout in five minutes
    alarm_queue_age: float = 300  # beyond all retries: whatever is older waits for something else
    alarm_backlog: int = 1000  # messages that a queue never falls below for five minutes
    alarm_dead_letters: int = 1  # each is work that was given up
    alarm_outbox_age: float = 180  # the sweeper sends what is older than one minute, each minute
    alarm_iterator_age: float = 60  # a relay is given a record at once
    alarm_5xx: int = 150  # answers of class 5xx in one minute
    alarm_latency: float = 3  # of the slowest hundredth of the answers; a cold start takes about one
    alarm_provider_failures: int = 5  # failed calls of the payment provider a minute: one order's retries
    alarm_mail_failures: int = 5  # … and of the mail server
    alarm_orders: float = 50  # percent of the orders that this hour of the week usually brings
    alarm_declines: float = 20  # percentage points of payments declined beyond the usual share
    alarm_discrepancies: int = 1  # things that two slices do not agree about: none is expected
    alarm_sign_in_failures: int = 50  # in five minutes
    alarm_canary: int = 1  # synthetic purchases that have to succeed in five minutes, in which one is made
    canary_sku: str = ""  # what the shop buys of itself every five minutes, to see whether it can; empty: nothing
    canary_payment_token: str = ""  # how the canary pays; empty: as the test provider approves
    smtp_url: str = ""  # smtp://user@host:port; empty: mails stay in the mailbox
    mail_from: str = "shop@cartwheel.example"
    require_token: bool = False  # no route is open, but the payment provider's webhook
    origins: str = ""  # https://shop.example …: whose pages may ask, separated by spaces; empty: no other site's
    trusted_proxies: str = ""  # addresses or networks whose X-Forwarded-For is believed, separated by spaces
    otlp_endpoint: str = ""  # of an OpenTelemetry collector, http://host:4318; empty: spans stay in the logs
    # The secrets. Of the first two the hosts set one of their own.
    seal_key: str = field(default="unsealed", repr=False)  # ids minted with it are known as the shop's own
    webhook_secret: str = field(default="unsigned", repr=False)  # payment webhooks are signed with it
    smtp_password: str = field(default="", repr=False)

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> "Settings":
        """From the environment. Raises InvalidSetting."""
        variables = os.environ if variables is None else variables
        values: dict[str, str | float | bool] = {}
        for each in fields(cls):
            name = f"CARTWHEEL_{each.name.upper()}"
            if name in variables:
                values[each.name] = READERS[each.type](name, variables[name])
        settings = cls(**values)  # type: ignore[arg-type]
        if settings.currency not in DIGITS:
            raise InvalidSetting(f"CARTWHEEL_CURRENCY={settings.currency!r} is not a known ISO 4217 code such as EUR")
        for origin in settings.allowed_origins:
            if not ORIGIN.fullmatch(origin):
                raise InvalidSetting(f"CARTWHEEL_ORIGINS={origin!r} is no origin such as https://shop.example")
        if settings.runbook != cls.runbook and not RUNBOOK.fullmatch(settings.runbook):
            raise InvalidSetting(
                f"CARTWHEEL_RUNBOOK={settings.runbook!r} is no address such as https://example.com/docs/runbooks"
            )
        _check_networks(settings.trusted_proxies)
        if settings.smtp_url and not settings.smtp_url.startswith(("smtp://", "smtps://")):
            # Not quoted: it may hold a password.
            raise InvalidSetting("CARTWHEEL_SMTP_URL is not of the form smtp://user:password@host:port or smtps://…")
        if settings.otlp_endpoint and not settings.otlp_endpoint.startswith(("http://", "https://")):
            raise InvalidSetting("CARTWHEEL_OTLP_ENDPOINT is not of the form http://host:4318 or https://…")
        if settings.canary_sku and settings.require_token:
            text = "CARTWHEEL_CANARY_SKU is bought by a guest, whom CARTWHEEL_REQUIRE_TOKEN=true keeps out"
            raise InvalidSetting(f"{text}: leave one of them out")
        return settings._with_password_apart()

    def _with_password_apart(self) -> "Settings":
        """A password in the mail server's URL is a secret like the others: only who declares it sees it."""
        password = urlsplit(self.smtp_url).password
        if password is None:
            return self
        bare = self.smtp_url.replace(f":{password}@", "@", 1)
        return replace(self, smtp_url=bare, smtp_password=self.smtp_password or unquote(password))

    @property
    def allowed_origins(self) -> frozenset[str]:
        return frozenset(self.origins.split())

    def for_function(self, function: str, declared: Collection[str]) -> "Settings":
        """These settings as a function may see them: a secret that it does not declare in the map fails at its use."""
        withheld: dict[str, Any] = {
            name: Withheld(f"{function} uses {name} without it in its `secrets`")
            for name in SECRETS
            if name not in declared
        }
        return replace(self, **withheld)

    @staticmethod
    def duration(seconds: float) -> timedelta:
        return timedelta(seconds=seconds)


def _check_networks(setting: str) -> None:
    if not setting:
        return
    import ipaddress  # late: functions on AWS stand behind no proxy of ours

    try:
        for network in setting.split():
            ipaddress.ip_network(network)
    except ValueError:
        text = f"CARTWHEEL_TRUSTED_PROXIES={setting!r} is not a list of addresses such as 127.0.0.1 10.0.0.0/8"
        raise InvalidSetting(text) from None


def _text(_: str, text: str) -> str:
    return text


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise InvalidSetting(f"{name}={text!r} must be true or false")
    return text == "true"


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InvalidSetting(f"{name}={text!r} is not a number") from None
    if not 0 < value < 1e10:
        raise InvalidSetting(f"{name}={text!r} must be a positive number")
    return value


def _count(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not int(text):
        raise InvalidSetting(f"{name}={text!r} must be a whole number from 1 up")
    return int(text)


READERS: Final[dict[Any, Callable[[str, str], str | float | bool]]] = {
    str: _text,
    float: _number,
    int: _count,
    bool: _truth,
}
