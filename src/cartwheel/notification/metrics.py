"""What notification measures of the mail server. Mails that went out are counted by their events."""

from typing import Final

from cartwheel.kernel.metrics import Metric, Unit

MAIL_FAILURES: Final = Metric("MailFailures", Unit.COUNT, "mails that the mail server did not take")
