"""The dashboard as a page: made whole by the host, readable without scripts, and with nothing from elsewhere."""

import base64
import hashlib
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .chart import chart, loudest, short
from .data import SPANS

FOLDER: Final = Path(__file__).parent / "page"
ROWS: Final = 10  # of a chart's newest points in its table
UNITS: Final = {"Milliseconds": "ms", "Seconds": "s", "Percent": "%"}


def dashboard_page(shop: str, document: dict[str, Any]) -> bytes:
    """The page of `data.document`."""
    groups = [group | {"widgets": [_shown(each) for each in group["widgets"]]} for group in document["groups"]]
    ringing = [alarm for alarm in document["alarms"] if alarm["state"] == "ALARM"]
    return _render("dashboard.html", shop=shop, spans=SPANS, **document | {"groups": groups}, ringing=ringing)


def _shown(widget: dict[str, Any]) -> dict[str, Any]:
    """A chart with the lines that there is room for."""
    series = loudest(widget["series"])
    return widget | {"series": series, "left_out": len(widget["series"]) - len(series)}


def sign_in_page(shop: str) -> bytes:
    """For whoever is not known to be staff."""
    return _render("sign-in.html", shop=shop)


@cache
def policy() -> str:
    """What a browser may do on these pages: their one style, their one script, and ask this host."""
    style, script = (_hash(FOLDER / name) for name in ("dashboard.css", "dashboard.js"))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(path: Path) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()}"


def _render(name: str, **facts: Any) -> bytes:
    return _templates().get_template(name).render(facts).encode()


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((FOLDER / name).read_text() for name in ("dashboard.css", "dashboard.js"))
    made.globals |= {"style": style, "script": script}
    made.filters |= {"chart": chart, "clock": _clock, "newest": _newest, "rows": _rows, "value": _value}
    made.tests["address"] = _is_address
    return made


def _is_address(text: str) -> bool:
    """What a browser may follow from here, and nothing that it would execute."""
    return text.startswith(("https://", "http://"))


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{short(value)} {UNITS[unit]}" if unit in UNITS else short(value)


def _newest(series: dict[str, Any]) -> float | None:
    """The last point there is."""
    return next((point for point in reversed(series["points"]) if point is not None), None)


def _rows(widget: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The newest points of a chart, in words: the newest first."""
    count = widget["count"]
    return [
        (
            _clock(widget["start"] + place * widget["period"]),
            [_value(each["points"][place], each["unit"]) for each in widget["series"]],
        )
        for place in range(count - 1, max(-1, count - 1 - ROWS), -1)
    ]


def _clock(moment: int) -> str:
    return time.strftime("%d %b %H:%M", time.gmtime(moment))
