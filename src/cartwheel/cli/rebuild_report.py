"""What a rebuild has found, for people and for programs."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from . import output

if TYPE_CHECKING:
    from .rebuilding import Difference, Rebuild

NAMED: Final = 20  # differences that are told one by one


def counts(differences: "Sequence[Difference]") -> str:
    counted = Counter(each["kind"] for each in differences)
    return ", ".join(f"{counted[kind]:,} {kind}" for kind in ("changed", "missing", "extra") if counted[kind])


def document(run: "Rebuild", differences: "Sequence[Difference]", swapped: int) -> dict[str, Any]:
    return {
        "projection": run.projection,
        "applied": run.applied,
        "failed": run.failed,
        "compared": run.compared,
        "swapped": swapped,
        "differences": differences,
    }


def show(run: "Rebuild", differences: "Sequence[Difference]", swapped: int) -> None:
    if differences:
        output.print_table(("item", "live one is", "difference"), [_row(each) for each in differences[:NAMED]])
        if len(differences) > NAMED:
            output.print_text(f"… and {len(differences) - NAMED:,} more; --json lists all of them")
        output.print_text("")
    done = f"{run.applied:,} events applied, {run.compared:,} items compared"
    if swapped:
        done += f", {swapped:,} swapped"
    output.print_text(f"{run.projection}: {done}: {counts(differences) or 'equal'}")
    for each in run.failed[:NAMED]:
        output.note(f"Event {each['id']} could not be handled: {each['error']}")
    if run.failed:
        output.note(f"{len(run.failed):,} events could not be handled, so what they would have changed is not known.")
    if differences and not swapped:
        _advise(differences)


def _advise(differences: "Sequence[Difference]") -> None:
    kinds = {each["kind"] for each in differences}
    if kinds - {"extra"}:
        output.note("The same command with --swap makes the live items what the events come to.")
    if "extra" in kinds:
        output.note("What is extra was made by no event that the ledger has; only --swap --remove-extra removes it.")


def _row(difference: "Difference") -> tuple[str, str, str]:
    pk, sk = difference["pk"], difference["sk"]
    return (pk if pk == sk else f"{pk} {sk}", difference["kind"], ", ".join(map(_told, difference["fields"])))


def _told(each: dict[str, Any]) -> str:
    if each["withheld"]:
        return f"{each['name']} differs"
    return f"{each['name']}: {_short(each['live'])} instead of {_short(each['rebuilt'])}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
