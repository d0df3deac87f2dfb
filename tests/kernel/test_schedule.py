import io
import json
from collections.abc import Iterator

import pytest

from cartwheel.kernel import environment, schedule
from cartwheel.kernel.environment import Environment
from cartwheel.kernel.settings import Settings
from cartwheel.kernel.store import Store
from tests.support.shop import Context


@pytest.fixture
def installed(store: Store) -> Iterator[Environment]:
    own = Environment("tidy", store, Settings())
    environment.install(own)
    yield own
    environment._installed.clear()


def test_a_schedule_works_in_its_environment_and_answers_the_count(installed: Environment, log: io.StringIO) -> None:
    seen: list[Environment] = []

    def work(own: Environment) -> int:
        seen.append(own)
        return len(seen) - 1

    handle = schedule.handler(work)
    assert [handle({}, Context("tidy")) for _ in range(2)] == [{"count": 0}, {"count": 1}]
    assert seen == [installed, installed]
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["function"], line["count"]) == ("tidy", 1)


def test_outside_of_a_host_there_is_no_environment() -> None:
    environment._installed.clear()
    with pytest.raises(RuntimeError, match="no execution environment"):
        environment.environment()
