"""What others look for in templates: cdk-nag, cfn-lint and checkov find nothing that is not accepted, with its reason.

And what is accepted is still found: an exception does not outlive its need.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra.node import choose_node

from .stage import Stage
from .synthesis import ROOT, construct

if TYPE_CHECKING:
    from infra.app import Stacks

CHECKOV: Final = ROOT / ".tools/checkov/bin/checkov"

LINT_ACCEPTED: Final = {"W3005": "The CDK's function depends on its role in so many words, besides referring to it."}

OWN_KEYS: Final = "What AWS encrypts with keys of its own is encrypted; a key of ours costs 1 USD a month and each use."
CHECKOV_ACCEPTED: Final = {
    "CKV_AWS_27": "SQS encrypts with a key of its own (SqsManagedSseEnabled), which checkov does not see. " + OWN_KEYS,
    "CKV_AWS_115": "Concurrency is bounded at the sources; to reserve it takes it from all the others.",
    "CKV_AWS_116": "Sources have dead letters of their own; a run by schedule that fails is left to the next one.",
    "CKV_AWS_117": "Functions reach AWS's own interfaces only; a VPC would need paid endpoints for them.",
    "CKV_AWS_119": OWN_KEYS,
    "CKV_AWS_149": OWN_KEYS,
    "CKV_AWS_158": OWN_KEYS,
    "CKV_AWS_173": "No variable is a secret: they hold names. " + OWN_KEYS,
}

# Whatever opens a connection says so, and does not get it.
OFFLINE: Final = """
import sys


def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        open({log!r}, "a").write(f"{{event}} {{arguments}}\\n")
        raise OSError("this run is offline")


sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def folder(stages: dict[str, Stage], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All templates as files."""
    folder = tmp_path_factory.mktemp("templates")
    for name, stage in stages.items():
        for part, template in stage.templates.items():
            (folder / f"{name}-{part}.template.json").write_text(json.dumps(template))
    return folder


@pytest.mark.slow
def test_cfn_lint_finds_nothing_new(folder: Path) -> None:
    command: list[str | Path] = [
        Path(sys.executable).with_name("cfn-lint"),
        *sorted(folder.iterdir()),
        "--format",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    found = {finding["Rule"]["Id"]: finding["Message"] for finding in json.loads(done.stdout)}
    assert done.stderr == ""
    assert found.keys() == LINT_ACCEPTED.keys(), found


@pytest.mark.slow
def test_checkov_finds_nothing_new(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            CHECKOV,
            "-d",
            folder,
            "--framework",
            "cloudformation",
            "--compact",
            "--quiet",
            "--skip-download",
            "-o",
            "json",
        ],
        env=offline(tmp_path),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert not (tmp_path / "connections").exists()
    report = json.loads(done.stdout)
    assert report["summary"]["resource_count"] > 400
    assert report["summary"]["parsing_errors"] == 0
    found = {failed["check_id"]: failed["check_name"] for failed in report["results"]["failed_checks"]}
    assert found.keys() == CHECKOV_ACCEPTED.keys(), found


def offline(folder: Path) -> dict[str, str]:
    """An environment whose Python reaches nothing, and leaves a word where it tried."""
    (folder / "sitecustomize.py").write_text(OFFLINE.format(log=str(folder / "connections")))
    return {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder),
        "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
    }


def test_offline_is_offline(tmp_path: Path) -> None:
    code = "import socket; socket.create_connection(('localhost', 9))"
    done = subprocess.run([CHECKOV.with_name("python"), "-c", code], env=offline(tmp_path), capture_output=True)
    assert done.returncode == 1
    assert "socket.getaddrinfo" in (tmp_path / "connections").read_text()


@pytest.mark.parametrize("stage", ["dev-test", "production"])
def test_cdk_nag_finds_nothing_that_is_not_accepted(stage: str, tmp_path: Path) -> None:
    assert list(findings(construct(tmp_path, stage=stage))) == []


def test_whatever_is_accepted_is_there_and_has_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the exceptions every one of them covers a finding, on its construct or inside it."""
    choose_node()
    from infra import accepted

    exceptions = Exceptions()
    monkeypatch.setattr(accepted, "Validations", exceptions)
    found = list(findings(construct(tmp_path, stage="production")))
    assert len(found) >= len(exceptions.made) > 0
    assert [made for made in exceptions.made if not any(covers(*made[:2], *finding) for finding in found)] == []
    assert [made for made in exceptions.made if len(made[2].split()) < 6] == []


class Exceptions:
    """Stands in for the CDK's `Validations`: notes what is accepted, and accepts nothing."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, str]] = []
        self._path = ""

    def of(self, construct: Any) -> "Exceptions":
        self._path = construct.node.path
        return self

    def acknowledge(self, acknowledgment: Any) -> None:
        self.made.append((self._path, acknowledgment.id, acknowledgment.reason))


def covers(path: str, rule: str, found_path: str, found_rule: str) -> bool:
    return rule == found_rule and f"{found_path}/".startswith(f"{path}/")


def findings(stacks: "Stacks") -> Iterator[tuple[str, str]]:
    """What AWS's own pack for solutions says: the path of the construct, and the rule."""
    from cdk_nag import AwsSolutionsChecks

    app = stacks.data.node.root
    for violation in AwsSolutionsChecks(app).validate_scope(app).violations:
        for resource in violation.violating_resources:
            yield resource.construct_path or "", violation.rule_name
