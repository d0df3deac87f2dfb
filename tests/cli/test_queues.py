from cartwheel.app import APP

from .shell import Running

NAMES = [consumer.name for consumer in APP.consumers]


def test_every_queue_and_the_totals(running: Running) -> None:
    done = running.cartwheel("queues")
    assert (done.code, done.err) == (0, "")
    words = [line.split() for line in done.out.splitlines()]
    assert words[0] == ["queue", "waiting", "hidden", "dead", "oldest"]
    assert [each[0] for each in words[1:]] == [*NAMES, "total"]
    assert all(len(each) >= 4 for each in words)


def test_as_json(running: Running) -> None:
    answer = running.cartwheel("queues", "--json").json
    assert [item["queue"] for item in answer["items"]] == NAMES
    for name in ("waiting", "hidden", "dead"):
        assert answer["totals"][name] == sum(item[name] for item in answer["items"])
    assert answer["totals"]["oldestSeconds"] == max(item["oldestSeconds"] for item in answer["items"])
