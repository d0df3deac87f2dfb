"""The signature of a webhook: `X-Signature: t=<epoch>,v1=<hmac-sha256 of "t.body" as hex>`."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from cartwheel.kernel.errors import Unauthorised

TOLERANCE: Final = timedelta(minutes=5)
_FORM: Final = re.compile(r"t=(?P<time>[0-9]{1,12}),v1=(?P<digest>[0-9a-f]{64})")


def verify(header: str, body: str, secret: str, moment: datetime) -> None:
    """Raises Unauthorised unless the holder of the secret signed this very body about now."""
    found = _FORM.fullmatch(header)
    if not found:
        raise Unauthorised("Sign the body: X-Signature: t=<epoch seconds>,v1=<hex hmac-sha256 of 't.body'>.")
    expected = hmac.digest(secret.encode(), f"{found['time']}.{body}".encode(), "sha256").hex()
    if not hmac.compare_digest(expected, found["digest"]):
        raise Unauthorised("The signature does not belong to this body and this shop's webhook secret.")
    if abs(moment.timestamp() - int(found["time"])) > TOLERANCE.total_seconds():
        raise Unauthorised("The signature is more than 5 minutes off; sign again with the present time.")
