"""The pinned requirements are in step with pyproject.toml: after a change there, `make lock`."""

import ast
import json
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .checkout import PACKAGE, ROOT, project

LOADED_BY_NAME = {"httptools"}  # uvicorn parses HTTP with it, wherever it is installed


@cache
def lock(name: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each pinned requirement."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    lines = re.sub(r"\\\n|^\s*#.*$", "", text, flags=re.MULTILINE).splitlines()
    pinned: dict[str, tuple[str, list[str]]] = {}
    for line in filter(None, map(str.strip, lines)):
        requirement = Requirement(line.partition(" --hash")[0])
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        pinned[canonicalize_name(requirement.name)] = pin.version, re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line)
    return pinned


def declared() -> list[Requirement]:
    return [Requirement(text) for text in project()["project"]["dependencies"]]


def lambda_provides() -> list[Requirement]:
    return [Requirement(text) for text in project()["project"]["optional-dependencies"]["aws"]]


def group(name: str) -> list[Requirement]:
    """The requirements of a dependency group, those of the groups it includes among them."""
    entries: list[Any] = project()["dependency-groups"][name]
    included = [found for entry in entries if isinstance(entry, dict) for found in group(entry["include-group"])]
    return [*included, *(Requirement(entry) for entry in entries if isinstance(entry, str))]


def wanted(name: str) -> list[Requirement]:
    if name == "runtime":
        return [*declared(), *group("build")]
    return [*declared(), *lambda_provides(), *group("dev")] if name == "dev" else group(name)


LOCKS = ["runtime", "dev", "infra", "aws", "ministack", "checkov", "awscli", "audit"]


def test_every_lock_is_known() -> None:
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == set(LOCKS)


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_has_what_the_project_asks_for(name: str) -> None:
    pinned = lock(name)
    missing = [
        str(requirement)
        for requirement in wanted(name)
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), ("0", []))[0])
    ]
    assert missing == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes(name: str) -> None:
    assert [package for package, (_, hashes) in lock(name).items() if not hashes] == []


def test_developers_run_what_users_run() -> None:
    assert lock("runtime").items() <= lock("dev").items()
    assert lock("infra").items() <= lock("dev").items()


def test_functions_run_on_aws_with_what_they_run_with_here() -> None:
    assert lock("aws").items() <= lock("runtime").items()


def test_node_packages_are_pinned_with_their_hashes_and_without_a_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())


def test_the_build_group_is_the_build_system() -> None:
    assert project()["dependency-groups"]["build"] == project()["build-system"]["requires"]


def test_dependencies_are_what_the_code_imports() -> None:
    modules = {name for path in PACKAGE.rglob("*.py") for name in imports_of(ast.parse(path.read_text()))}
    distributions = packages_distributions()
    imported = {
        canonicalize_name(distributions.get(module, [module])[0])
        for module in modules - sys.stdlib_module_names - {"cartwheel"}
    }
    known = {canonicalize_name(requirement.name) for requirement in [*declared(), *lambda_provides()]}
    assert imported | LOADED_BY_NAME == known


def imports_of(tree: ast.Module) -> set[str]:
    """The top-level names of what a module imports, relative imports aside."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return {name.partition(".")[0] for name in names}
