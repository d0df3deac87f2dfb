"""`cartwheel order`."""

from typing import Annotated, Any

import typer

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json

from .timeline import timeline
from .trace import trace

app = typer.Typer(no_args_is_help=True, help="Look at an order.")
app.command("timeline")(timeline)
app.command("trace")(trace)


@app.callback()  # without one, typer would make the only command the app itself
def order() -> None: ...


@app.command("show")
def show(
    order_id: Annotated[str, typer.Argument(metavar="ID", help="The order's id, as its caller got it.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show an order: its status, lines and history, and why it was cancelled.

    Example: cartwheel order show 0197e5a2-7b1c-7d51-9f43-6a1f0d2c9b11
    """
    from cartwheel.cli.client import Client, segment

    with Client(data) as shop:
        found = shop.get(f"/orders/{segment(order_id)}")
    if as_json:
        output.print_json(found)
    else:
        _print(found)


def _print(order: dict[str, Any]) -> None:
    output.print_fact("order", order["orderId"])
    output.print_fact("status", order["status"])
    if "amount" in order:
        output.print_fact("amount", _money(order["amount"], order))
        output.print_fact("created", order["createdAt"])
    if "message" in order:
        output.print_fact("reason", f"{order['reason']}: {order['message']}")
    if order.get("lines"):
        output.print_text("")
        rows = [
            (each["sku"], each["name"], each["quantity"], _money(each["unitPrice"], order)) for each in order["lines"]
        ]
        output.print_table(("sku", "name", "quantity", "unit price"), rows)
    if order.get("history"):
        output.print_text("")
        output.print_table(("time", "became"), [(step["at"], step["status"]) for step in order["history"]])


def _money(amount: float, order: dict[str, Any]) -> str:
    """With all digits that the currency has."""
    from cartwheel.kernel.money import DIGITS

    return f"{amount:.{DIGITS[order['currency']]}f} {order['currency']}"
