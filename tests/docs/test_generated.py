"""What is generated is as the code is now, and the rest of the documents names what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cartwheel.local.server import OWN_PAGES
from tests.project.checkout import files

from .blocks import ROOT

DOCUMENTS = [path for path in files(".md") if path.name != "CHANGELOG.md"]
LOCAL = ROOT / "src/cartwheel/local"


def test_the_generated_parts_are_fresh() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"], env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_every_page_of_the_host_is_in_the_api_document() -> None:
    own = [f"GET {path}" for path in sorted(OWN_PAGES)]
    code = "".join((LOCAL / name).read_text() for name in ("operators.py", "triage.py"))
    asked = re.findall(r'case "(\w+)", \[(.+)\]', code)
    own += [f"{method} /_host/{re.sub(PART, _segment, path)}" for method, path in asked]
    text = (ROOT / "docs/api.md").read_text()
    assert len(own) == 11
    assert [page for page in own if f"| `{page}` |" not in text] == []


PART = re.compile(r'"([\w-]+)"|(\w+)|, ')


def _segment(part: re.Match[str]) -> str:
    return part[1] or (f"{{{part[2]}}}" if part[2] else "/")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", document.read_text())
    local = [link for pair in links for link in pair if link and "://" not in link]
    assert [link for link in local if not _leads_somewhere(document, *link.split("#"))] == []


def _leads_somewhere(document: Path, path: str, anchor: str = "") -> bool:
    target = document.parent / path if path else document
    if not anchor or not target.is_file():
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(document: Path) -> None:
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|toml|svg|csv))`", document.read_text())
    known = [str(path) for path in files()]
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in known)] == []
