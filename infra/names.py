"""Names inside the templates. Physical names are CloudFormation's, so that copies of the shop never collide."""

import re


def pascal(name: str) -> str:
    """`ordering-events` → `OrderingEvents`, as construct ids and outputs are written; `OrderProcessor` stays so."""
    return "".join(word[:1].upper() + word[1:] for word in re.split("[^A-Za-z0-9]+", name))
