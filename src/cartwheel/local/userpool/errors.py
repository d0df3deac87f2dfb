"""A refusal, by the name that Cognito has for it, so that its clients raise what they would raise there."""

from typing import Final


class Refused(Exception):
    """`kind` is Cognito's name of the error, `text` what the caller is told."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.kind, self.text = kind, text


LIMIT: Final = "LimitExceededException"
BUSY: Final = "TooManyRequestsException"
DENIED: Final = "NotAuthorizedException"
INVALID: Final = "InvalidParameterException"
MISMATCH: Final = "CodeMismatchException"


def wrong_credentials() -> Refused:
    """The same for a wrong password and for nobody of that name."""
    return Refused(DENIED, "Incorrect username or password.")


def wrong_code() -> Refused:
    """The same for a wrong code, a worn-out one, and nobody of that name."""
    return Refused(MISMATCH, "Invalid verification code provided, please try again.")


def too_often() -> Refused:
    return Refused(LIMIT, "Attempt limit exceeded, please try after some time.")
