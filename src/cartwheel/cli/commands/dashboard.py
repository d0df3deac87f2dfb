"""`cartwheel dashboard`: the way in for a browser, which has no token."""

from cartwheel.cli import output
from cartwheel.cli.options import DATA, Data, Json


def dashboard(data: Data = DATA, as_json: Json = False) -> None:
    """Print a link that opens the dashboard in a browser.

    It works once, within a minute; the browser stays signed in for eight
    hours, to look and nothing else. Behind a proxy, put the shop's public
    address in the place of the link's.

    Example: cartwheel dashboard
    """
    from cartwheel.cli.client import Client

    with Client(data) as shop:
        link = shop.url + shop.act("/dashboard/tickets")["path"]
    if as_json:
        output.print_json({"url": link})
    else:
        output.print_text(link)
