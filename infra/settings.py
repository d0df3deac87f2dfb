"""What can be said about a deployment: `--context stage=dev-anna --context CARTWHEEL_CURRENCY=USD`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from cartwheel.app import APP
from cartwheel.aws.deployment import MEMORY, PREFIX
from cartwheel.kernel.settings import SECRETS, InvalidSetting
from cartwheel.kernel.settings import Settings as ShopSettings
from cartwheel.kernel.throttle import Rate

Architecture = Literal["arm64", "x86_64"]
Switch = Literal["on", "off"]

STAGE: Final = re.compile("staging|production|pr-[1-9][0-9]{0,6}|dev|dev-[a-z0-9]+(-[a-z0-9]+)*")
PRODUCTION: Final = "production"
ALARMS: Final = f"{PREFIX}ALARM_"
LONGEST_STAGE: Final = 24
READING: Final = APP.rates["reading"]
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One copy of the shop. Each field but the last is a context value of its name.

    `memory` is in MiB: at 512 a cold start, which is imports, takes half as long as at 256 and costs the same.
    `rate` is the requests a second that the API lets in for long on each route, `burst` how many at once: what the map
    allows one client who reads. `concurrency` is how many invocations one consumer may run at once unless the map
    says it. `monitoring` says whether there are alarms and a dashboard, which cost more than all else while nothing
    happens: `on` in production unless it is said, and `off` elsewhere.
    `variables` are the shop's own settings, whole: `CARTWHEEL_CURRENCY`.
    """

    stage: str = "dev"
    architecture: Architecture = "arm64"
    python: str = "3.13"
    memory: int = MEMORY
    rate: int = round(READING.per_second)
    burst: int = READING.burst
    concurrency: int = 20
    monitoring: Switch = "off"
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def production(self) -> bool:
        """Whether what it keeps is protected, and kept when the stacks are removed."""
        return self.stage == PRODUCTION

    @property
    def of_functions(self) -> Mapping[str, str]:
        """The variables that functions are told: all but those of alarms, which CloudWatch evaluates without them."""
        return {name: text for name, text in self.variables.items() if not name.startswith(ALARMS)}

    @classmethod
    def read(cls, context: Mapping[str, Any]) -> "Settings":
        """From the CDK's context. Raises InvalidSetting."""
        stage = _stage(str(context.get("stage", cls.stage)))
        monitoring = "on" if stage == PRODUCTION else "off"
        settings = cls(
            stage=stage,
            architecture=_one_of("architecture", context.get("architecture", cls.architecture), get_args(Architecture)),
            python=_one_of("python", context.get("python", cls.python), PYTHONS),
            memory=_number("memory", context.get("memory", cls.memory), 128, 10240),
            rate=_number("rate", context.get("rate", cls.rate), 1, 10_000),
            burst=_number("burst", context.get("burst", cls.burst), 1, 5_000),
            concurrency=_number("concurrency", context.get("concurrency", cls.concurrency), 2, 1000),
            monitoring=_one_of("monitoring", context.get("monitoring", monitoring), get_args(Switch)),
            variables={name: str(value) for name, value in context.items() if name.startswith(PREFIX)},
        )
        _check_shop(settings.variables)
        return settings

    @property
    def writing(self) -> Rate:
        """Of each route that changes something: less than `rate`, as the map has it."""
        writing = APP.rates["writing"]
        share = writing.per_second / READING.per_second
        return Rate(max(1, round(self.rate * share)), max(1, round(self.burst * writing.burst / READING.burst)))

    @property
    def shop(self) -> ShopSettings:
        """The shop's own settings, read."""
        return ShopSettings.read(self.variables)


def _stage(name: str) -> str:
    if not STAGE.fullmatch(name) or len(name) > LONGEST_STAGE:
        raise InvalidSetting(
            f"stage={name!r} is not a stage: use staging, production, pr-<number>, dev or dev-<name> "
            f"(lower-case letters, digits and dashes, {LONGEST_STAGE} characters at most)"
        )
    return name


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise InvalidSetting(f"{name}={value!r} cannot be deployed: use {', '.join(allowed[:-1])} or {allowed[-1]}")
    return value


def _number(name: str, value: Any, least: int, most: int) -> int:
    if not str(value).isdecimal() or not least <= int(value) <= most:
        raise InvalidSetting(f"{name}={value!r} must be a whole number from {least} to {most}")
    return int(value)


def _check_shop(variables: Mapping[str, str]) -> None:
    """Refused here, a wrong value never reaches a function, and a secret never a template."""
    known = {PREFIX + name.upper() for name in ShopSettings.__dataclass_fields__}
    generated = {PREFIX + name.upper() for name in SECRETS}
    for name in variables:
        if name not in known:
            raise InvalidSetting(f"{name} is no setting of the shop: use {', '.join(sorted(known - generated))}")
        if name in generated:
            raise InvalidSetting(f"{name} is a secret: each stage generates its own in Secrets Manager; leave it out")
    if "CARTWHEEL_OTLP_ENDPOINT" in variables:
        raise InvalidSetting("CARTWHEEL_OTLP_ENDPOINT is for the embedded host, AWS has X-Ray: leave it out")
    if ShopSettings.read(variables).smtp_password:
        raise InvalidSetting(
            "CARTWHEEL_SMTP_URL holds a password, which the template would show: leave it out, and put it into the "
            "secret that the output SmtpPasswordArn names"
        )
