"""Who calls: the claims of the verified token, in the form API Gateway hands them to a function."""

from dataclasses import dataclass, field
from typing import Any

GROUPS = "cognito:groups"


@dataclass(frozen=True, slots=True)
class Caller:
    """`subject` is None for a guest; `email` is there if the token tells it."""

    subject: str | None = None
    groups: frozenset[str] = frozenset()
    email: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Caller":
        authorizer = event["requestContext"].get("authorizer") or {}
        return cls.of_claims(authorizer.get("jwt", {}).get("claims", {}))

    @classmethod
    def of_claims(cls, claims: dict[str, str]) -> "Caller":
        """Whoever a verified token names."""
        # API Gateway writes a list claim as "[staff admin]".
        groups = str(claims.get(GROUPS, "")).strip("[]").replace(",", " ").split()
        return cls(claims.get("sub"), frozenset(groups), claims.get("email"))

    @property
    def is_staff(self) -> bool:
        return bool(self.groups & {"staff", "admin"})

    @property
    def is_admin(self) -> bool:
        return "admin" in self.groups


def claims_as_text(claims: dict[str, Any]) -> dict[str, str]:
    """A token's claims as API Gateway writes them: all text, a list in brackets, without commas."""
    return {name: _as_text(value) for name, value in claims.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_as_text, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
