"""Mails from templates: the first line of a template is the subject, the rest after an empty line the text."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .model import Kind

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=False,  # noqa: S701 - plain text, not HTML
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render(kind: Kind, **facts: Any) -> tuple[str, str]:
    """Subject and text. Raises jinja2.UndefinedError when a fact is missing."""
    subject, _, text = _TEMPLATES.get_template(f"{kind}.txt").render(facts).partition("\n")
    return subject.strip(), text.strip() + "\n"
