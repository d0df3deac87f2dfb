"""How tests that start whole shops share the processors: what belongs together stays in one process, the longest first.

`pytest --dist loadfile` goes by this; it is xdist's own way, with the groups and their order from here.
"""

from typing import TYPE_CHECKING, Final

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

ACCEPTANCE: Final = "tests/acceptance"
HOSTS: Final = ("stand-in", "embedded")
# Begun late, each of them would be waited for at the end.
LONGEST: Final = (
    *(f"{ACCEPTANCE} {host}" for host in HOSTS),
    "tests/scenario/test_kill.py",
    "tests/scenario/test_dead_letters.py",
    "tests/bench/test_bench.py",
    "tests/scenario/test_rebuild.py",
    "tests/scenario/test_erasure.py",
    "tests/scenario/test_isolation.py",
    "tests/scenario/test_timeline.py",
    "tests/infra/test_linters.py",
    "tests/scenario/test_slow_provider.py",
    "tests/scenario/test_silence.py",
)


def group(nodeid: str) -> str:
    """Its file; in the acceptance suite its host, whose last cases account for all that those before them did there."""
    file, _, case = nodeid.partition("::")
    if file.startswith(f"{ACCEPTANCE}/"):
        parameters = case.partition("[")[2]
        return next((f"{ACCEPTANCE} {host}" for host in HOSTS if parameters.startswith(host)), file)
    return file


def turn(name: str) -> int:
    """The place of a group in the queue."""
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


class Turns(LoadScopeScheduling):  # type: ignore[misc]  # xdist says nothing of its types
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

    def _assign_work_unit(self, node: "WorkerController") -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=turn), last=False)
        super()._assign_work_unit(node)
