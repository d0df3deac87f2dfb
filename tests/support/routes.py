"""The routes of the shop, from its own document."""

from typing import Final

from cartwheel.app import APP
from cartwheel.kernel.http import Role
from cartwheel.kernel.openapi import document
from cartwheel.kernel.router import SCHEME

Route = tuple[str, str, Role]


def _guarded() -> list[Route]:
    return [
        (method.upper(), "/".join("x" if part.startswith("{") else part for part in path.split("/")), role)
        for path, operations in document(APP)["paths"].items()
        for method, operation in operations.items()
        for requirement in operation.get("security", [])
        for role in requirement[SCHEME]
    ]


# Method, path with `x` for each parameter, and role of every route that is not open.
GUARDED: Final = _guarded()
