"""The page that shows the API's document to people, as one HTML file that needs nothing from elsewhere."""

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path


def docs_page(document: bytes) -> bytes:
    """The page (UTF-8) of the OpenAPI document."""
    from aws_lambda_powertools.event_handler.openapi import swagger_ui  # late: it imports the whole event handler

    folder = Path(swagger_ui.__file__).parent
    script = (folder / "swagger-ui-bundle.min.js").read_text()
    style = (folder / "swagger-ui.min.css").read_text()
    return swagger_ui.generate_swagger_html(document.decode(), script, style, "", None).encode()


@lru_cache(1)
def policy(page: bytes) -> str:
    """What a browser may do on that page: run the scripts that are in it, style it, and ask this shop alone."""
    scripts = re.findall(rb"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
