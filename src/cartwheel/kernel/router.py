"""Which function answers a path, made from the OpenAPI document as API Gateway makes its routes from it.

The document says more than OpenAPI knows: a route's function (`x-cartwheel-function`), its role (`security`), the bytes
that its body may have where those are not the usual (`x-cartwheel-body-limit`), and whether its callers sign what they
send instead of having tokens (`x-cartwheel-signed`).
"""

from dataclasses import dataclass
from typing import Any, Final

from .errors import MethodNotAllowed, NotFound
from .request_limits import BODY_BYTES

FUNCTION: Final = "x-cartwheel-function"
BODY_LIMIT: Final = "x-cartwheel-body-limit"
SIGNED: Final = "x-cartwheel-signed"
SCHEME: Final = "token"
Segments = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The function of a route, the role its caller needs, the route's key (`GET /orders/{order_id}`) and the bytes that
    its body may have.
    """

    function: str
    role: str
    key: str
    most_bytes: int


class Router:
    """Routes by path and method; a literal segment wins over a parameter, as on API Gateway."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._templates: list[tuple[Segments, dict[str, Target]]] = []
        for path, operations in document["paths"].items():
            targets = {
                method.upper(): Target(
                    operation[FUNCTION],
                    _role(operation),
                    f"{method.upper()} {path}",
                    operation.get(BODY_LIMIT, BODY_BYTES),
                )
                for method, operation in operations.items()
            }
            self._templates.append((tuple(path.strip("/").split("/")), targets))
        self._templates.sort(key=lambda template: [part.startswith("{") for part in template[0]])

    def find(self, method: str, path: str) -> tuple[Target, dict[str, str]]:
        """The target and the path's parameters. Raises NotFound or MethodNotAllowed."""
        segments = tuple(path.removeprefix("/").split("/"))
        allowed: set[str] = set()
        for template, targets in self._templates:
            parameters = _match(template, segments)
            if parameters is None:
                continue
            if method in targets:
                return targets[method], parameters
            allowed |= targets.keys()
        if allowed:
            names = ", ".join(sorted(allowed))
            raise MethodNotAllowed(f"This path takes {names}.", headers={"Allow": names})
        raise NotFound("No route answers here; see /openapi.json.")


def _match(template: Segments, segments: Segments) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    parameters = {}
    for pattern, segment in zip(template, segments, strict=True):
        if pattern.startswith("{") and segment:
            parameters[pattern.strip("{}")] = segment
        elif pattern != segment:
            return None
    return parameters


def _role(operation: dict[str, Any]) -> str:
    return next((role for requirement in operation.get("security", []) for role in requirement[SCHEME]), "open")
