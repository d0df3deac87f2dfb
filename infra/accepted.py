"""Where good advice is not followed, it is said why, beside what it is about. The tests fail on any other finding."""

from typing import Final

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

PACK: Final = "AwsSolutions"


def accept(construct: IConstruct, rule: str, reason: str) -> None:
    """`rule` is one of cdk-nag's AWS Solutions pack, without the pack's name: `SMG4`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{PACK}-{rule}", reason=reason))
