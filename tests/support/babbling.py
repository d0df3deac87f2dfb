"""The command `cartwheel` of a version that tells what it knows whenever it fails: `python -m tests.support.babbling`.

Its functions fail for what carries the word BABBLE, in each layer by an exception that quotes all it was given.
"""

from typing import Any, Final
from unittest.mock import patch

from cartwheel.basket import service as basket
from cartwheel.cli.main import main
from cartwheel.kernel import json
from cartwheel.local.gateway import Gateway
from cartwheel.ordering import service as ordering
from cartwheel.payment import service as payment

BABBLE: Final = "babble"


def faulty(work: Any) -> Any:
    def babble(*given: Any, **more: Any) -> Any:
        told = f"{given} {more}"
        if BABBLE in told:
            try:
                raise LookupError(f"found nowhere: {told}")
            except LookupError as error:
                error.add_note(told)
                raise RuntimeError(f"cannot be done: {told}") from error
        return work(*given, **more)

    return babble


async def _answer(gateway: Gateway, request: Any, *rest: Any) -> Any:
    if BABBLE in request.query:
        raise RuntimeError(f"cannot be answered: {request}")
    return await _answered(gateway, request, *rest)


_answered = Gateway.answer

if __name__ == "__main__":
    with (
        patch.object(Gateway, "answer", _answer),
        patch.object(basket, "check_out", faulty(basket.check_out)),
        patch.object(ordering, "submit", faulty(ordering.submit)),
        patch.object(ordering, "check_out", faulty(ordering.check_out)),
        patch.object(payment, "authorise", faulty(payment.authorise)),
        patch.object(json, "parse", faulty(json.parse)),
    ):
        main()
