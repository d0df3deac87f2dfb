"""The settings of a shop: read once from `CARTWHEEL_*` variables, the same names on both hosts."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final, Literal, NoReturn, get_args

from .money import DIGITS

Secret = Literal["seal_key", "webhook_secret"]
SECRETS: Final[tuple[Secret, ...]] = get_args(Secret)


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
    smtp_url: str = ""  # smtp://user:password@host:port; empty: mails stay in the mailbox
    mail_from: str = "shop@cartwheel.example"
    seal_key: str = "unsealed"  # ids minted with it are known as the shop's own; the hosts set a secret one
    webhook_secret: str = "unsigned"  # payment webhooks are signed with it; the hosts set a secret one

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> "Settings":
        """From the environment. Raises InvalidSetting."""
        variables = os.environ if variables is None else variables
        values: dict[str, str | float] = {}
        for field in fields(cls):
            name = f"CARTWHEEL_{field.name.upper()}"
            if name in variables:
                values[field.name] = _number(name, variables[name]) if field.type is float else variables[name]
        settings = cls(**values)  # type: ignore[arg-type]
        if settings.currency not in DIGITS:
            raise InvalidSetting(f"CARTWHEEL_CURRENCY={settings.currency!r} is not a known ISO 4217 code such as EUR")
        if settings.smtp_url and not settings.smtp_url.startswith(("smtp://", "smtps://")):
            # Not quoted: it may hold a password.
            raise InvalidSetting("CARTWHEEL_SMTP_URL is not of the form smtp://user:password@host:port or smtps://…")
        return settings

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


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InvalidSetting(f"{name}={text!r} is not a number of seconds") from None
    if not 0 < value < 1e10:
        raise InvalidSetting(f"{name}={text!r} must be a positive number of seconds")
    return value
