"""What commands print: tables and lines for people, JSON for programs. Notes about the work go to stderr."""

import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Styled = tuple[str, str]  # a text and its style

INDENT: Final = 10  # columns for the name of a fact
UNBOUNDED: Final = 10_000  # columns where no terminal sets a width, so that nothing is folded or cut
NOTE_EVERY: Final = 2.0  # seconds between notes where a progress bar cannot be drawn


def print_json(document: Any) -> None:
    """One document."""
    _write(json.dumps(document, indent=2))


def print_json_line(document: Any) -> None:
    """One of many documents, a line each."""
    _write(json.dumps(document, separators=(",", ":")))


def print_text(text: str) -> None:
    print_styled((text, ""))


def print_styled(*parts: Styled) -> None:
    """A line; styles show on a terminal only."""
    if not sys.stdout.isatty():
        _write("".join(printable(text) for text, _ in parts))
        return
    from rich.text import Text

    line = Text.assemble(*((printable(text), style) for text, style in parts))
    console().print(line, soft_wrap=True)


def print_fact(name: str, value: str, style: str = "") -> None:
    """A value behind its name; what is too long for the terminal goes on below the value."""
    head, first, *others = f"{name:{INDENT}}", *_lines(value)
    print_styled((head, "bold"), (first, style))
    for line in others:
        print_styled((" " * INDENT, ""), (line, style))


def _lines(text: str) -> list[str]:
    """The text in lines that fit beside a name."""
    text = printable(text)
    if not sys.stdout.isatty():
        return [text]
    return textwrap.wrap(text, max(console().width - INDENT, 20), break_on_hyphens=False) or [""]


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], footer: Sequence[Any] | None = None, one_line: bool = False
) -> None:
    """Numbers are set right; a cell that is None stays empty. `one_line`: the last column is cut at the terminal's
    edge instead of going on below."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", footer_style="bold", show_footer=footer is not None)
    rows = list(rows)
    for number, name in enumerate(columns):
        numeric = bool(rows) and isinstance(rows[0][number], int | float)
        title = _cell(footer[number]) if footer else ""
        table.add_column(name, footer=title, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        cells = [_cell(value) for value in row]
        if one_line:
            cells[-1].no_wrap, cells[-1].overflow = True, "ellipsis"
        table.add_row(*cells)
    if one_line:
        for column in table.columns[:-1]:
            column.no_wrap = True  # only the last one gives way
    here = console()
    with here.capture() as captured:
        here.print(table)
    for line in captured.get().splitlines():
        _write(line.rstrip())


def console(stderr: bool = False) -> "Console":
    """Where people read: as wide as the terminal, or unbounded when there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def note(text: str) -> None:
    """About the work, not its result."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """Without control characters: what others wrote must not steer the terminal of whoever reads it."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _cell(value: Any) -> "Text":
    from rich.text import Text

    return Text("" if value is None else printable(str(value)))


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


Advance = Callable[[int, int | None], None]  # how much is done, and of how much, once that is known


@contextmanager
def progress(label: str) -> Iterator[Advance]:
    """Of work that may take a while: a bar on a terminal, elsewhere a note every other second."""
    began = time.monotonic()

    def rate(done: int) -> float:
        """A second."""
        return done / max(time.monotonic() - began, 0.001)

    if not sys.stderr.isatty():
        yield _noting(label, rate)
        return
    from rich.progress import Progress, TextColumn

    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, pace="")
        yield lambda done, total: bar.update(task, completed=done, total=total, pace=f"{rate(done):,.0f}/s")


def _noting(label: str, rate: Callable[[int], float]) -> Advance:
    noted = time.monotonic()

    def advance(done: int, total: int | None) -> None:
        nonlocal noted
        if time.monotonic() - noted >= NOTE_EVERY:
            noted = time.monotonic()
            note(f"{label}: {_pace(done, total, rate(done))}" if done else f"{label} …")

    return advance


def _pace(done: int, total: int | None, rate: float) -> str:
    """How far it is, how fast, and how much longer it takes, as far as that is known."""
    pace = f"{done:,} of {total:,}" if total else f"{done:,}"
    return f"{pace}, {rate:,.0f}/s" + (f", {(total - done) / rate:,.0f} s left" if total else "")
