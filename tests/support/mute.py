"""The command `cartwheel` of a version that cannot write mails: `python -m tests.support.mute`.

So what it is told, with whom to tell it to, ends among the dead letters. Exports it tells.
"""

from typing import Any
from unittest.mock import patch

from cartwheel.cli.main import main
from cartwheel.notification import service


def _fail(unit: Any, order: Any, *_: Any) -> None:
    raise LookupError(f"no paper for order {order.order_id}")


if __name__ == "__main__":
    with patch.object(service, "write", _fail):
        main()
