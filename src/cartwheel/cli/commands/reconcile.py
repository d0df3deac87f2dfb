"""`cartwheel reconcile`."""

import json
import time
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from cartwheel.cli.client import Client

POLL: Final = 0.25  # seconds between looks at the run
PATIENCE: Final = 60.0  # seconds without any progress

Run = dict[str, Any]

REPAIRS: Final = {
    "tell-order-again": "ordering tells its order's facts again",
    "tell-payment-again": "payment tells its fact again",
    "release-reservation": "inventory gives the pieces back",
    "recount-reserved": "inventory corrects what is reserved",
}
REMEDIES: Final = {
    "order-without-payment": "look at the payment with the provider; cancel the order, or have it paid anew",
    "payment-without-order": "look at the payment with the provider, and give the money back there",
    "payment-differs": "compare both with the provider, and settle the difference there",
    "reservation-differs": "set the goods aside by hand: POST /stock/{sku}/adjust",
    "fact-without-event": "see docs/runbook.md",
    "stock-differs": "count the pieces, and set them: PUT /stock/{sku}",
}


def reconcile(
    everything: Annotated[
        bool, typer.Option("--all", help="All there ever was, not only of the last two days.")
    ] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Compare orders, payments, stock and events with each other.

    What is safe is repaired, and the rest is reported; each finding is an
    event, DiscrepancyFound. Ends with 1 if a finding needs a person.

    Example: cartwheel reconcile
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        body = json.dumps({"all": everything}).encode()
        run = shop.post("/reconciliations", body, "application/json")
        with output.progress("Comparing") as advance:
            run = _followed(shop, run, advance)
    if as_json:
        output.print_json(run)
    else:
        _print(run)
    if any("repair" not in finding for finding in run["findings"]):
        raise typer.Exit(1)


def _followed(shop: "Client", run: Run, advance: Callable[[int, int | None], None]) -> Run:
    """The run when it is done. Raises CliError when it does not go on."""
    steps, patience = len(run["waitsFor"]), time.monotonic() + PATIENCE
    while run["state"] != "done":
        time.sleep(POLL)
        before, run = run, shop.get(f"/reconciliations/{run['runId']}")
        advance(steps - len(run["waitsFor"]), steps)
        if run != before:
            patience = time.monotonic() + PATIENCE
        elif time.monotonic() > patience:
            waits = ", ".join(run["waitsFor"])
            raise CliError(
                f"The run has not gone on for {PATIENCE:g} s; it waits for {waits}. "
                "`cartwheel queues` and `cartwheel dead-letters` tell why."
            )
    return run


def _print(run: Run) -> None:
    findings = sorted(run["findings"], key=itemgetter("kind", "about"))
    for kind, group in groupby(findings, key=itemgetter("kind")):
        output.print_styled((kind, "bold"))
        for finding in group:
            output.print_text(f"  {finding['about']}  expected {finding['expected']}, found {finding['found']}")
            output.print_text(f"    {_done(finding)}")
        output.print_text("")
    output.print_text(_counted(run))


def _done(finding: dict[str, str]) -> str:
    if "repair" in finding:
        return f"repaired: {REPAIRS.get(finding['repair'], finding['repair'])}"
    return f"to do: {REMEDIES.get(finding['kind'], 'see docs/runbook.md')}"


def _counted(run: Run) -> str:
    if not run["findings"]:
        return "Everything agrees."
    repaired = sum("repair" in finding for finding in run["findings"])
    more = "" if len(run["findings"]) == run["found"] else f" (the first {len(run['findings'])} are shown)"
    return f"{run['found']} found{more}: {repaired} repaired, {len(run['findings']) - repaired} to be looked at"
