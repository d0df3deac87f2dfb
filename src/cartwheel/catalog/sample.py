"""The sample shop: a WooCommerce export of our own, which an empty shop begins with."""

from importlib.resources import files


def sample() -> bytes:
    """The export, UTF-8."""
    return files(__package__).joinpath("sample_products.csv").read_bytes()
