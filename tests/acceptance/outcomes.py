"""What ran where: the table at the end of a run."""

from collections.abc import Iterator

import pytest

from .gaps import GAPS

HOSTS = ("embedded", "stand-in", "stage", "url")


class Outcomes:
    """A plugin that keeps every case's outcome on every host, and why it was not possible there."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, str]] = {}
        self._reasons: dict[tuple[str, str], str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "/acceptance/" not in report.nodeid or (report.when != "call" and report.passed):
            return
        case, host = _parts(report.nodeid)
        self._cells.setdefault(case, {})[host] = "not possible" if report.skipped else report.outcome
        if report.skipped and isinstance(report.longrepr, tuple):
            self._reasons[case, host] = report.longrepr[2].removeprefix("Skipped: ")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._cells:
            terminalreporter.section("what ran where")
            for line in self._lines():
                terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        hosts = [host for host in HOSTS if any(host in cells for cells in self._cells.values())]
        width = max(map(len, self._cells))
        yield f"{'':{width}}  " + "  ".join(f"{host:12}" for host in hosts)
        for case, cells in self._cells.items():
            yield f"{case:{width}}  " + "  ".join(f"{cells.get(host, '-'):12}" for host in hosts)
        for host, reason in sorted({(host, reason) for (_, host), reason in self._reasons.items()}):
            yield f"not possible on {host}: {reason}: {', '.join(self._cases(host, reason))}"
        if "stand-in" in hosts:
            yield from ("", "What no case can see in the stand-in:")
            yield from (f"- {gap.what}: {gap.why}. Instead: {gap.instead}." for gap in GAPS)

    def _cases(self, host: str, reason: str) -> list[str]:
        return [case for (case, where), why in self._reasons.items() if (where, why) == (host, reason)]


def _parts(nodeid: str) -> tuple[str, str]:
    """The case with its other parameters, and the host it ran on."""
    name = nodeid.rpartition("::")[2]
    case, _, rest = name.partition("[")
    parameters = rest.rstrip("]")
    host = next((host for host in HOSTS if parameters == host or parameters.startswith(f"{host}-")), "")
    others = parameters.removeprefix(host).strip("-")
    return case.removeprefix("test_").replace("_", " ") + (f" ({others})" if others else ""), host
