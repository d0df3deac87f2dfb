"""How large a request may be, on either host: its head here, its body by what the route declares, its JSON in `json`.

API Gateway itself lets in no more than 10,240 bytes of request line and header values; the embedded host does the same.
"""

from collections.abc import Iterable
from typing import Final

from .errors import HeadersTooLarge, Problem, TooLarge, UriTooLong

MAX_HEAD_BYTES: Final = 10_240  # of path, query and all header values
MAX_HEADERS: Final = 100
MAX_URL_BYTES: Final = 8_192
MAX_PARAMETERS: Final = 200  # of the query: operators name up to 100 letters
BODY_BYTES: Final = 256 * 1024  # where the route does not declare another limit
LARGEST_BODY_BYTES: Final = 6 * 1024 * 1024  # what a Lambda function can be handed
KIB: Final = 1024


def check_head(path: str, query: str, values: Iterable[str]) -> None:
    """`values` are those of the headers. Raises UriTooLong, HeadersTooLarge, and Problem for too many parameters."""
    lengths = [len(value) for value in values]
    url = len(path) + len(query)
    if url > MAX_URL_BYTES:
        raise UriTooLong(f"Path and query may have {MAX_URL_BYTES} bytes at most; send what is longer in the body.")
    if len(lengths) > MAX_HEADERS or sum(lengths) + url > MAX_HEAD_BYTES:
        raise HeadersTooLarge(f"Send at most {MAX_HEADERS} headers, and with the URL {MAX_HEAD_BYTES} bytes of them.")
    if query.count("&") >= MAX_PARAMETERS:
        raise Problem(f"A query may have {MAX_PARAMETERS} parameters at most.")


def check_body(length: int, most: int = BODY_BYTES) -> None:
    """Both in bytes. Raises TooLarge."""
    if length > most:
        allowed = f"{most // KIB // KIB} MiB" if most >= KIB * KIB else f"{most // KIB} KiB"
        raise TooLarge(f"A body may have {allowed} at most here; send less, or in parts.")
