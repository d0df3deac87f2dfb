"""Who calls: the claims of the verified token, in the form API Gateway hands them to a function."""

from dataclasses import dataclass
from typing import Any

GROUPS = "cognito:groups"


@dataclass(frozen=True, slots=True)
class Caller:
    """`subject` is None for a guest."""

    subject: str | None = None
    groups: frozenset[str] = frozenset()

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Caller":
        authorizer = event["requestContext"].get("authorizer") or {}
        claims = authorizer.get("jwt", {}).get("claims", {})
        # API Gateway writes a list claim as "[staff admin]".
        groups = str(claims.get(GROUPS, "")).strip("[]").replace(",", " ").split()
        return cls(claims.get("sub"), frozenset(groups))

    @property
    def is_staff(self) -> bool:
        return bool(self.groups & {"staff", "admin"})
