"""A process of the host dies: the shop says so in one line and stops; the next start carries on."""

from pathlib import Path

import pytest

from tests.support.running import RunningShop, running_shop

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("process", ["storage", "nursery"])
def test_shop_stops_with_one_line_and_starts_again(tmp_path: Path, process: str) -> None:
    shop = RunningShop(tmp_path)
    shop.start()
    assert shop.process
    assert shop.process.stdout
    products = shop.get("/products")["items"]
    assert shop.kill_processes(process) == 1
    said = shop.process.stdout.read().splitlines()
    assert shop.process.wait(30) == 1
    assert said[-1] == f"The shop stopped: its {process} process ended. Start it again; it carries on where it was."
    assert "Traceback" not in "".join(said)
    shop.close()
    with running_shop(tmp_path) as again:
        assert again.get("/products")["items"] == products
