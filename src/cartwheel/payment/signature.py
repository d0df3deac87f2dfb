"""The signature of a webhook: `X-Signature: t=<epoch>,v1=<hmac-sha256 of "t.body" as hex>`.

The time is part of what is signed, so that an old signature cannot be given a new one.
"""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from cartwheel.kernel.errors import Unauthorised

TOLERANCE: Final = timedelta(minutes=5)
_FORM: Final = re.compile(r"t=(?P<time>[0-9]{1,12}),v1=(?P<digest>[0-9a-f]{64})")


def verify(header: str, body: str, secrets: str, moment: datetime) -> None:
    """Raises Unauthorised unless the holder of a secret signed this very body about now.

    `secrets` are one, or while it is changed two, separated by a space.
    """
    found = _FORM.fullmatch(header)
    if not found:
        raise Unauthorised("Sign the body: X-Signature: t=<epoch seconds>,v1=<hex hmac-sha256 of 't.body'>.")
    signed, digest = f"{found['time']}.{body}".encode(), bytes.fromhex(found["digest"])
    # All of them, whichever fits: how long it takes shall not tell which one it was.
    fits = [hmac.compare_digest(hmac.digest(secret, signed, "sha256"), digest) for secret in secrets.encode().split()]
    if not any(fits):
        raise Unauthorised("The signature does not belong to this body and this shop's webhook secret.")
    if abs(moment.timestamp() - int(found["time"])) > TOLERANCE.total_seconds():
        raise Unauthorised("The signature is more than 5 minutes off; sign again with the present time.")
