"""When somebody has to look after the mails, and what they see."""

from typing import Final

from cartwheel.kernel.alarms import Alarm
from cartwheel.kernel.dashboard import PROVIDERS, Series, Watched, Widget

from .metrics import MAIL_FAILURES

METRICS: Final = (MAIL_FAILURES,)
ALARMS: Final = (
    Alarm(
        name="mail-failures",
        metric=MAIL_FAILURES,
        setting="alarm_mail_failures",
        meaning="the mail server does not take mails",
        runbook="mail-server-fails",
    ),
)
WIDGETS: Final = (Widget("Mail server: failures", (Series(MAIL_FAILURES, "mails not taken"),)),)
MAIL_SERVER: Final = Watched(METRICS, ALARMS, WIDGETS, PROVIDERS)
