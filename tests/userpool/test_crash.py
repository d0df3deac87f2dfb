"""`kill -9` in the middle of signing up: what was begun can be begun again, and what was told is kept."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.running import RunningShop

from .people import PASSWORD, Person

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("moment", [0.0, 0.06])
def test_signing_up_survives_a_kill(tmp_path: Path, moment: float) -> None:
    shop = RunningShop(tmp_path / "shop", {}, ("--empty",))
    shop.start()
    person, told = Person(shop), []

    def begin() -> None:
        with suppress(BotoCoreError, ClientError):
            told.append(person.sign_up())
            person.confirm()

    try:
        beginning = threading.Thread(target=begin)
        beginning.start()
        time.sleep(moment)
        shop.kill()
        beginning.join(10)
        shop.start()
        again = Person(shop, person.email)
        if not told:  # no answer: whatever is there is replaced
            again.sign_up()
        if again.mails()[0]["kind"] == "code-confirm":
            again.confirm()
        assert again.sign_in(PASSWORD)["AccessToken"]
    finally:
        shop.close()
