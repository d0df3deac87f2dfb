"""`cartwheel version`."""

from cartwheel.cli import output
from cartwheel.cli.options import Json


def version(as_json: Json = False) -> None:
    """Print the version.

    Example: cartwheel version --json
    """
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        number = installed("cartwheel")
    except PackageNotFoundError:
        number = "unknown (not installed)"
    output.print_json({"version": number}) if as_json else output.print_text(f"cartwheel {number}")
