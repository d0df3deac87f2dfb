"""The command `cartwheel`: every command, and the one place where errors become a line and an exit code."""

import os
import sys

import typer

from .commands import (
    alarms,
    audit,
    dashboard,
    dead_letters,
    events,
    health,
    invoke,
    keys,
    logs,
    mailbox,
    orders,
    products,
    queues,
    rebuild,
    reconcile,
    token,
    up,
    users,
    version,
)
from .output import note

TOUR = """Run a shop on this machine, and see what goes on in it.

A short tour. In one terminal:

  cartwheel up                     a shop with a few products, on port 8000

In another one:

  cartwheel token --role staff     to use the API at http://127.0.0.1:8000/docs
  cartwheel import products.csv    the product export of a WooCommerce shop
  cartwheel events tail --follow   what happens, as it happens
  cartwheel alarms                 what is wrong; `dashboard` shows more
  cartwheel queues                 what waits, and what could not be done
  cartwheel dead-letters           why it could not; `redrive` tries it again
  cartwheel reconcile              whether orders, payments and stock agree

Every command tells more with --help; those that print data take --json.
"""

app = typer.Typer(name="cartwheel", help=TOUR, no_args_is_help=True, add_completion=False)
app.command("up")(up.up)
app.command("token")(token.token)
app.command("import")(products.import_products)
app.command("invoke")(invoke.invoke)
app.command("rebuild")(rebuild.rebuild)
app.command("alarms")(alarms.alarms)
app.command("health")(health.health)
app.command("dashboard")(dashboard.dashboard)
app.command("queues")(queues.queues)
app.command("mailbox")(mailbox.mailbox)
app.command("logs")(logs.logs)
app.command("reconcile")(reconcile.reconcile)
app.command("version")(version.version)
app.add_typer(orders.app, name="order")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(events.app, name="events")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Run a command and exit: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = app(prog_name="cartwheel", standalone_mode=False)
    except typer.TyperException as error:
        code = _report(error)
    except OSError as error:
        code = _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
    except Exception as error:
        if "CARTWHEEL_TRACEBACK" in os.environ:
            raise
        code = _fail(f"{type(error).__name__}: {error} (a fault of ours; CARTWHEEL_TRACEBACK=1 shows where)")
    sys.exit(code)


def _report(error: typer.TyperException) -> int:
    text = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)  # a usage error knows where it was made
    if context and text:
        text = f"{text.rstrip('.')}; see `{context.command_path} --help`."
    if text:
        note(text)
    return error.exit_code


def _fail(text: str) -> int:
    note(text)
    return 1
