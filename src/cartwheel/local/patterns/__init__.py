"""Event patterns in the language of Amazon EventBridge: what a rule asks of an event.

``Pattern`` answers for one pattern, ``RuleSet`` for many at once at a cost that grows with what
matches rather than with the number of rules.
"""

from .errors import InvalidPattern
from .match import Pattern
from .ruleset import RuleSet

__all__ = ["InvalidPattern", "Pattern", "RuleSet"]
