"""Categories: paths such as `Clothing > Tshirts`, and the slugs made from them (`clothing/tshirts`)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SEPARATOR: Final = ">"


@dataclass(frozen=True, slots=True)
class Category:
    """One node of the tree. The slug holds the slugs of its ancestors, so equal names in two places stay apart."""

    slug: str
    name: str
    parent: str | None


def fold(text: str) -> str:
    """The form in which texts are compared: no case, no Latin accents."""
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain).casefold()


def slug_of(name: str) -> str:
    """`T-Shirt & Top` as `t-shirt-top`; empty when the name has neither letter nor digit."""
    return "-".join(re.findall(r"\w+", fold(name)))


def lineage(path: str) -> list[Category]:
    """The categories of a path, root first."""
    found: list[Category] = []
    for name in (part.strip() for part in path.split(SEPARATOR)):
        parent = found[-1].slug if found else None
        found.append(Category(f"{parent}/{slug_of(name)}" if parent else slug_of(name), name, parent))
    return found


def tree(paths: Iterable[str]) -> dict[str, Category]:
    """Every category of the paths and all their ancestors, by slug."""
    return {category.slug: category for path in paths for category in lineage(path)}


def checked(path: str) -> str:
    """The path in its one spelling. Raises ValueError when a name in it cannot be told from others."""
    names = [part.strip() for part in path.split(SEPARATOR)]
    if not all(slug_of(name) for name in names):
        raise ValueError(f"every category of {path!r} needs a letter or digit in its name")
    return f" {SEPARATOR} ".join(names)
