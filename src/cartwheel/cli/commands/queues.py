"""`cartwheel queues`."""

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json


def queues(data: Data = DATA, as_json: Json = False) -> None:
    """Show how much waits in every queue.

    Hidden messages are being handled, or will be tried again later. Dead ones
    will not: `cartwheel dead-letters` shows why.

    Example: cartwheel queues
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        items = shop.get("/_host/queues")
    totals = {name: sum(item[name] for item in items) for name in ("waiting", "hidden", "dead")}
    totals["oldestSeconds"] = max((item["oldestSeconds"] for item in items), default=0)
    if as_json:
        output.print_json({"items": items, "totals": totals})
        return
    rows = [(item["queue"], *_figures(item)) for item in items]
    output.print_table(("queue", "waiting", "hidden", "dead", "oldest"), rows, ("total", *_figures(totals)))


def _figures(item: dict[str, float]) -> tuple[float, float, float, str | None]:
    oldest = f"{item['oldestSeconds']:g} s" if item["waiting"] or item["hidden"] else None
    return item["waiting"], item["hidden"], item["dead"], oldest
