"""The fenced blocks of a document: commands in ```sh, and right below what they print in ```text."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What differs from one run to the next, and what it looks like.
_MASKS: Final = (
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z",
    r"http://(?:localhost|127\.0\.0\.1):\d+",
    r"^\d+(?=  [a-z]+-events )",  # the number of a dead letter
)
_VARIES = re.compile("|".join(f"({mask})" for mask in _MASKS), re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """Commands, and what the document says that they print."""

    commands: str
    printed: str | None


def steps(document: Path) -> list[Step]:
    fences = _FENCE.findall(document.read_text())
    following = [*fences[1:], ("", "")]
    return [
        Step(commands, printed if kind == "text" else None)
        for (language, commands), (kind, printed) in zip(fences, following, strict=True)
        if language == "sh"
    ]


def shape(printed: str) -> re.Pattern[str]:
    """What matches such an output: ids, times and addresses vary, `…` stands for whatever is left out."""
    lines = [_line(line) for line in printed.splitlines()]
    return re.compile("".join(lines), re.MULTILINE)


def _line(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    parts: list[str] = []
    end = 0
    for varying in _VARIES.finditer(line):
        parts += [_literal(line[end : varying.start()]), _MASKS[(varying.lastindex or 1) - 1]]
        end = varying.end()
    return "".join([*parts, _literal(line[end:])]) + r"\n"


def _literal(text: str) -> str:
    # Columns are as wide as what is in them.
    return re.sub(r"(?:\\ )+", r"\\s+", re.escape(text)).replace("…", ".*")
