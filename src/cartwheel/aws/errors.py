"""What DynamoDB says went wrong, as the `Store` port's errors."""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from cartwheel.kernel.store import AccessDenied, InvalidWrite, StoreError

CANCELLED: Final = "TransactionCanceledException"
_INVALID: Final = {"ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException"}
_INVALID_REASONS: Final = {"ValidationError", "ItemCollectionSizeLimitExceeded"}
# Others are at the same items, or too many at the table, at this moment: DynamoDB has done nothing.
_PASSING: Final = {"TransactionConflictException", "TransactionInProgressException"}
_PASSING_REASONS: Final = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def reasons(error: ClientError) -> list[dict[str, Any]]:
    """Why a transaction was cancelled: one entry for each write, in order; `Code` is "None" where it was fine."""
    return list(error.response.get("CancellationReasons", []))


def reason_codes(error: ClientError) -> set[str]:
    return {reason.get("Code", "None") for reason in reasons(error)} - {"None"}


def passes(error: ClientError) -> bool:
    """Whether the same request may well succeed in a moment."""
    return code(error) in _PASSING or (code(error) == CANCELLED and bool(reason_codes(error) & _PASSING_REASONS))


def store_error(error: ClientError | BotoCoreError) -> StoreError:
    """Every refusal but that of a condition."""
    if isinstance(error, BotoCoreError):
        lost = isinstance(error, HTTPClientError)
        return StoreError(f"{'no answer, so a write may be done or not' if lost else 'not asked'}: {error}")
    said = str(error.response.get("Error", {}).get("Message", ""))
    if code(error) == CANCELLED and reason_codes(error) & _INVALID_REASONS:
        return InvalidWrite("; ".join(sorted({reason["Message"] for reason in reasons(error) if "Message" in reason})))
    if code(error) in _INVALID:
        return InvalidWrite(said)
    if code(error) == "AccessDeniedException":
        return AccessDenied(said)
    return StoreError(f"DynamoDB refused, {code(error)}: {said}")
