"""The picture can be read: on a phone, in the dark, and without fetching anything."""

import re
from xml.etree import ElementTree

from .blocks import ROOT

TEXT = (ROOT / "docs/picture.svg").read_text()
PICTURE = ElementTree.fromstring(TEXT)
PHONE = 360  # pixels
LEGIBLE = 10  # pixels


def test_it_is_legible_on_a_phone() -> None:
    width = float(PICTURE.attrib["viewBox"].split()[2])
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (\d+)px", TEXT)]
    assert sizes
    assert min(sizes) * PHONE / width >= LEGIBLE


def test_every_style_it_uses_has_colours_for_light_and_dark() -> None:
    used = {name for element in PICTURE.iter() for name in element.attrib.get("class", "").split()} - {"middle", "name"}
    light, dark = TEXT.split("@media (prefers-color-scheme: dark)")
    assert [name for name in used if f".{name} {{" not in light or f".{name} {{" not in dark] == []


def test_it_needs_nothing_else_and_describes_itself() -> None:
    assert not re.search(r"href|@import|url\((?!#)", TEXT)
    assert {"title", "desc"} <= {element.tag.rpartition("}")[2] for element in PICTURE}
