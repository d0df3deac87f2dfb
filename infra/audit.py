"""Asks the registries whether anything that is pinned has a known vulnerability: `make audit`.

What is accepted for a while is in audit.toml, each with its reason and a day on which it is looked at again. A package
that could not be looked up is no package without vulnerabilities: then the audit says so and fails, too.
"""

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
ACCEPTED: Final = Path(__file__).with_name("audit.toml")
AUDITOR: Final = ROOT / ".tools/audit/bin/pip-audit"
NPM: Final = ROOT / ".venv/bin/npm"

Run = Callable[[Sequence[str]], int]


class Expired(ValueError):
    """A finding was accepted until a day that has passed."""


def commands(accepted: Sequence[str]) -> Iterator[list[str]]:
    """One for each lock of Python packages, each with all of what is accepted, and one for npm's."""
    ignored = [word for name in accepted for word in ("--ignore-vuln", name)]
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        options = ["--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        yield [str(AUDITOR), *options, *ignored, "--requirement", str(lock)]
    yield [str(NPM), "audit", "--package-lock-only", "--omit", "dev"]


def accepted(text: str, today: date) -> list[str]:
    """The names of what is accepted today. Raises Expired, and KeyError for an entry without a reason."""
    names = []
    for name, entry in tomllib.loads(text).items():
        if not entry["reason"] or entry["until"] < today:
            raise Expired(
                f"{name} was accepted until {entry['until']}: look at it again, and say so in {ACCEPTED.name}"
            )
        names.append(name)
    return names


def audit(run: Run, text: str, today: date) -> int:
    """How many audits did not end well. Raises Expired."""
    return sum(run(command) != 0 for command in commands(accepted(text, today)))


def main() -> None:
    def run(command: Sequence[str]) -> int:
        sys.stdout.write(f"$ {command[0]} … {command[-1]}\n")
        sys.stdout.flush()
        return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - ours, with nobody's words in it

    try:
        failed = audit(run, ACCEPTED.read_text(), date.today())
    except Expired as expired:
        sys.exit(str(expired))
    if failed:
        sys.exit(f"{failed} of the audits found something, or could not look: see above.")


if __name__ == "__main__":
    main()
