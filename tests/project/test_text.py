"""What no file of the repository may say."""

import re
from pathlib import Path

import pytest

from .checkout import ROOT, files

# Each is written so that it does not match itself.
FORBIDDEN = {
    "a package registry": r"[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.(com|org)|[y]arnpkg\.com",
    "a path of one machine": r"(?<![\w.])/([h]ome|[r]oot|[w]ork|[U]sers)/",
    "work left undone": r"\b([T]ODO|[F]IXME)\b",
    "a merge conflict": r"(?m)^([<]{7}|[>]{7}) ",
}


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # a picture, say


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package registry", "https://files.python" + "hosted.org/x.whl"),
        ("a path of one machine", "see /" + "home/ann/shop"),
        ("work left undone", "# TO" + "DO later"),
        ("a merge conflict", "<" * 7 + " HEAD"),
    ],
)
def test_what_is_forbidden_is_recognised(what: str, line: str) -> None:
    assert re.search(FORBIDDEN[what], line)
