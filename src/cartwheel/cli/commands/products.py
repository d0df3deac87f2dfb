"""`cartwheel import`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from cartwheel.cli.client import Client

POLL: Final = 0.1  # seconds between looks at how far it is
STALLED: Final = 60.0  # seconds without a row done, longer than all retries of a delivery take


def import_products(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file, as WooCommerce exports it.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Import a WooCommerce product export.

    Tells what became of every row, and why. The same file again changes nothing.
    A broken file is refused as a whole, with the lines that are wrong.

    Example: cartwheel import products.csv
    """
    from cartwheel.cli.client import Client

    content = _read(file)
    with Client(data) as shop:
        with output.progress(f"Importing {file.name}") as advance:
            import_id = _start(shop, file, content, as_json)
            _follow(shop, import_id, advance)
        report = _report(shop, import_id)
    output.print_json(report) if as_json else _print(report)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}; give the path of a CSV file.") from None


def _start(shop: "Client", file: Path, content: bytes, as_json: bool) -> str:
    from cartwheel.cli.client import Refused

    try:
        return str(shop.post("/products/import", content, "text/csv")["importId"])
    except Refused as refused:
        if not refused.errors:
            raise
        _print_faults(refused.errors, as_json)
        raise CliError(f"{file} is broken, nothing of it was imported; correct these lines and try again.") from None


def _follow(shop: "Client", import_id: str, advance: output.Advance) -> None:
    """Until every row is done. Raises CliError when it does not get on."""
    done, moved = 0, time.monotonic()
    while True:
        progress = shop.get(f"/products/import/{import_id}")
        advance(progress["done"], progress["rows"])
        if progress["status"] == "done":
            return
        if progress["done"] > done:
            done, moved = progress["done"], time.monotonic()
        if time.monotonic() - moved > STALLED:
            raise CliError(
                f"The import has stopped at {done} of {progress['rows']} rows; it goes on by itself, "
                "unless `cartwheel dead-letters list --queue catalog-import` shows why not."
            )
        time.sleep(POLL)


def _report(shop: "Client", import_id: str) -> dict[str, Any]:
    """The whole report, its pages put together."""
    path = f"/products/import/{import_id}"
    report: dict[str, Any] = shop.get(path)
    following = report.pop("next")
    while following:
        page = shop.get(path, cursor=following)
        report["items"] += page["items"]
        following = page["next"]
    return report


def _print(report: dict[str, Any]) -> None:
    rows = [(row["line"], row["reference"], row["outcome"], row.get("reason")) for row in report["items"]]
    output.print_table(("line", "SKU", "outcome", "reason"), rows)
    if report["ignoredColumns"]:
        output.print_text("")
        output.print_text(f"Columns that are not imported: {', '.join(report['ignoredColumns'])}")
    counts = ", ".join(f"{number} {outcome}" for outcome, number in report["counts"].items())
    output.print_text("")
    output.print_text(f"{report['rows']} rows: {counts}")


def _print_faults(faults: list[dict[str, str]], as_json: bool) -> None:
    """What makes the file a broken one; the shop names each place `line <number>`."""
    found = [(int(fault["field"].removeprefix("line ")), fault["reason"]) for fault in faults]
    if as_json:
        output.print_json({"status": "refused", "errors": [{"line": line, "reason": text} for line, text in found]})
    else:
        output.print_table(("line", "reason"), found)
