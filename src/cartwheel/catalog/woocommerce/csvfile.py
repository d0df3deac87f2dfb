"""CSV files: records with the line each begins in. A broken file is refused whole, with everything wrong in it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cartwheel.kernel.errors import FieldError, Invalid

MAX_ERRORS: Final = 100
DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the physical line it begins in, and its cells by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns in their order, and the records."""

    columns: list[str]
    records: list[Record]


def broken(errors: list[FieldError]) -> Invalid:
    """The refusal of a whole file."""
    shown = errors[:MAX_ERRORS]
    detail = "; ".join(f"{error.field}: {error.reason}" for error in shown[:3])
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return Invalid(f"The file is broken, nothing of it was imported. {detail}{more}", shown)


def at(line: int, reason: str) -> FieldError:
    return FieldError(field=f"line {line}", reason=reason)


def read(data: bytes) -> Sheet:
    """The records of a UTF-8 file with a header, separated by comma, semicolon or tab. Raises Invalid."""
    text = _decoded(data)
    header, *rows = list(_rows(text)) or [(1, [])]
    columns = _columns(*header)
    errors = [
        at(line, f"it has {len(cells)} fields, the header has {len(columns)}")
        for line, cells in rows
        if len(cells) != len(columns)
    ]
    if errors:
        raise broken(errors)
    records = [Record(line, dict(zip(columns, cells, strict=True))) for line, cells in rows]
    return Sheet(columns, records)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise broken([at(line, "this is not UTF-8; save the file as CSV in UTF-8")]) from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line it begins in: quoted cells may span lines."""
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise broken([at(line, f"the record that begins here is not CSV: {error}")]) from None


def _columns(line: int, names: list[str]) -> list[str]:
    columns = [name.strip() for name in names]
    if not any(columns):
        raise broken([at(line, "the file is empty; it needs a header line")])
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise broken([at(line, f"the header names {', '.join(map(repr, twice))} more than once")])
    return columns
