"""`cartwheel rebuild`: what the shop shows, made once more of what has happened."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cartwheel.cli import output
from cartwheel.cli import rebuild_report as report
from cartwheel.cli.errors import CliError
from cartwheel.cli.options import DATA, Data, Json
from cartwheel.cli.past import Selection

if TYPE_CHECKING:
    from cartwheel.cli.client import Client
    from cartwheel.cli.rebuilding import Difference, Rebuild

NOT_FOUND: Final = 404
MOST_LAG: Final = 2.0  # seconds: a difference has to be there twice, with that time in between


def rebuild(
    context: typer.Context,
    projection: Annotated[str, typer.Argument(metavar="PROJECTION", help="Such as `prices`.")],
    start: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Only events from then on.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Only events before.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only this type of event.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", "--order", metavar="ID", help="Only events about this order, product, …")
    ] = None,
    swap: Annotated[bool, typer.Option("--swap", help="Let live items that differ be as they were rebuilt.")] = False,
    remove_extra: Annotated[
        bool, typer.Option("--remove-extra", help="With --swap: remove live items that no event made, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --swap: do not ask.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the copy for two days.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make a projection once more of past events, and compare it with the live one.

    The events are handled again, into a copy: no mail is sent, nothing is
    charged, and the live one stays as it is unless --swap is given. The shop
    goes on meanwhile. Exit code 0: they are equal. 1: they differ, and this
    says where.

    Example: cartwheel rebuild prices
    """
    if (remove_extra or yes) and not swap:
        raise typer.BadParameter("--remove-extra and --yes go with --swap", context)
    selection = Selection(_moment(context, "--from", start), _moment(context, "--to", end), event_type, subject)
    if remove_extra and not selection.whole:
        raise typer.BadParameter("only a rebuild of all events tells what is extra; leave the selection out", context)
    with _copy(projection, selection, data, keep) as run:
        differences = run.differences()
        swapped = _chosen(differences, remove_extra) if swap else []
        if swapped:
            _refuse_an_old_copy(run)
        if swapped and (yes or _agreed(run, swapped)):
            run.swap(swapped)
            differences = run.differences()
        else:
            swapped = []
    if as_json:
        output.print_json(report.document(run, differences, len(swapped)))
    else:
        report.show(run, differences, len(swapped))
    if differences or run.failed:
        raise typer.Exit(1)


def _moment(context: typer.Context, option: str, text: str | None) -> datetime | None:
    """In the shop's own time, UTC, where it does not say another."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wrong = f"{text!r} is no time such as 2026-11-20 or 2026-11-20T19:22:26Z"
        raise typer.BadParameter(wrong, context, param_hint=f"'{option}'") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _copy(projection: str, selection: Selection, data: Any, keep: bool) -> "Iterator[Rebuild]":
    """A copy with all events applied; it is gone afterwards, however this ends."""
    from cartwheel.cli.client import Client
    from cartwheel.cli.rebuilding import Rebuild

    with Client(data) as shop, Client(data) as ledger:
        run = Rebuild(shop, ledger, projection, selection)
        _begin(shop, run)
        try:
            run.apply()
            yield run
        except KeyboardInterrupt:
            output.note("Interrupted: nothing live was changed by the replay; the same command begins again.")
            raise typer.Exit(130) from None
        finally:
            if keep:
                output.note(f"The copy is kept for two days: {run.path}/differences")
            else:
                run.discard()


def _begin(shop: "Client", run: "Rebuild") -> None:
    from cartwheel.cli.client import Refused
    from cartwheel.cli.rebuilding import projections

    try:
        run.begin()
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        names = ", ".join(projections(shop))
        raise CliError(f"There is no projection {run.projection!r}; there are {names}.") from None
    if not run.types:
        made_of = ", ".join(each["type"] for each in run.copy["events"])
        run.discard()
        raise CliError(f"{run.projection} is not made of {run.selection.type}, but of {made_of}.")


def _chosen(differences: "list[Difference]", remove_extra: bool) -> "list[Difference]":
    return [each for each in differences if remove_extra or each["kind"] != "extra"]


def _refuse_an_old_copy(run: "Rebuild") -> None:
    """What the ledger does not have yet would be taken back."""
    from cartwheel.cli.rebuilding import LEDGER

    if (lag := run.lag()) > MOST_LAG:
        raise CliError(
            f"Nothing was swapped: the ledger is {lag:.0f} s behind, so what is live may be newer than the copy. "
            f"Say it again when nothing waits at {LEDGER} in `cartwheel queues`."
        )


def _agreed(run: "Rebuild", swapped: "list[Difference]") -> bool:
    counts = report.counts(swapped)
    question = f"Swap {len(swapped)} live items of {run.projection} ({counts})?"
    if not sys.stdin.isatty():
        raise CliError(f"{question} Nobody can be asked here; say --yes.")
    return typer.confirm(question, err=True)
