"""The folder that every Lambda function runs from: what is installed, our own code, and both as bytecode.

    requirements/aws.txt ──► uv ──┐
    src/cartwheel ────────────────┼──► pruned ──► compiled ──► cdk.out/bundle/<digest of all that went in>
    the map ──► openapi.json ─────┘

uv fetches wheels for another machine than this one, so no Docker is needed. The same input makes the same bytes: CDK
hashes the folder, and functions whose code did not change are not deployed again.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cartwheel.app import APP
from cartwheel.kernel.docs_page import docs_page
from cartwheel.kernel.openapi import document
from infra.settings import Architecture

from .tools import bytecode_compiler, compile_all, install

ROOT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = ROOT / "requirements/aws.txt"
PACKAGE: Final = ROOT / "src/cartwheel"
BUNDLES: Final = ROOT / "cdk.out/bundle"
RECIPE: Final = (Path(__file__), Path(__file__).with_name("tools.py"))

# No function imports them: the embedded host, the command line, the map, and the sample that the host starts with.
OTHERS: Final = frozenset({"local", "cli", "__main__.py", "app.py", "catalog/sample.py", "catalog/sample_products.csv"})
FOR_PEOPLE: Final = shutil.ignore_patterns("__pycache__", "README.md", "py.typed")

# Of the packages: uv's lock, scripts, types, a package's own tests, and what pip would need to remove them. Metadata
# and licences stay: scanners look for known vulnerabilities there. The docs page is made beforehand: its parts can go.
UNUSED: Final = (
    ".lock",
    "bin",
    "**/__pycache__",
    "**/py.typed",
    "**/*.pyi",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/WHEEL",
    "*.dist-info/direct_url.json",
    "*.dist-info/uv_cache.json",
    "*.dist-info/entry_points.txt",
    "annotated_types/test_cases.py",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css",
)


def bundle(architecture: Architecture = "arm64", python: str = "3.13", require_token: bool = False) -> Path:
    """The folder for functions on that processor and minor version of Python: built, or found as it was built before.
    `require_token` is the shop's setting, of which the API's document tells.

    Without that Python on this machine there is no bytecode in it; a line on stderr says so. Raises CannotBundle.
    """
    compiler = bytecode_compiler(python)
    target = BUNDLES / _digest(architecture, python, require_token, compiler is not None)
    if not target.exists():
        BUNDLES.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUNDLES, prefix=".") as scratch:
            folder = Path(scratch) / "bundle"
            _fill(folder, architecture, python, compiler, require_token)
            _publish(folder, target)
    return target


def _fill(folder: Path, architecture: Architecture, python: str, compiler: Path | None, require_token: bool) -> None:
    install(REQUIREMENTS, folder, architecture, python)
    _prune(folder)
    for path in shipped():
        copy = folder / "cartwheel" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / path, copy)
    _write_pages(folder / "cartwheel/aws", require_token)
    if compiler:
        compile_all(compiler, folder)


def shipped() -> Iterator[Path]:
    """The files of our own package that functions need, relative to it, in order."""
    for folder, names, files in os.walk(PACKAGE):
        at = Path(folder).relative_to(PACKAGE)
        left_out = FOR_PEOPLE(folder, [*names, *files]) | {n for n in [*names, *files] if (at / n).as_posix() in OTHERS}
        names[:] = sorted(set(names) - left_out)
        yield from (at / name for name in sorted(set(files) - left_out))


def _prune(folder: Path) -> None:
    for pattern in UNUSED:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _write_pages(folder: Path, require_token: bool) -> None:
    """What the shop's own pages answer: worked out once here, not at every cold start."""
    contract = json.dumps(
        document(APP, require_token), ensure_ascii=False, separators=(",", ":"), sort_keys=True
    ).encode()
    (folder / "openapi.json").write_bytes(contract)
    (folder / "docs.html").write_bytes(docs_page(contract))


def _digest(*choices: object) -> str:
    """Names the input; the Python that writes the documents is part of it, since its libraries do."""
    digest = hashlib.sha256(repr((choices, sys.version_info[:2])).encode())
    for path in [REQUIREMENTS, *RECIPE, *(PACKAGE / path for path in shipped()), PACKAGE / "app.py"]:
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _publish(folder: Path, target: Path) -> None:
    """In one step, so that no other synth ever sees half a bundle; whoever comes second finds it done."""
    for path in folder.rglob("*"):  # Lambda runs as another user, who must be able to read what a strict umask hides
        path.chmod(0o755 if path.is_dir() else 0o644)
    try:
        folder.rename(target)
    except OSError:
        if not target.exists():
            raise
