"""The page that shows the API's document to people, as one HTML file that needs nothing from elsewhere."""

from pathlib import Path


def docs_page(document: bytes) -> bytes:
    """The page (UTF-8) of the OpenAPI document."""
    from aws_lambda_powertools.event_handler.openapi import swagger_ui  # late: it imports the whole event handler

    folder = Path(swagger_ui.__file__).parent
    script = (folder / "swagger-ui-bundle.min.js").read_text()
    style = (folder / "swagger-ui.min.css").read_text()
    return swagger_ui.generate_swagger_html(document.decode(), script, style, "", None).encode()
