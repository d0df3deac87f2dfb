"""Called by name on Lambda: what a function answers is the call's answer, and what it raises the call's error."""

from .business import load
from .cold_start import at_cold_start

__getattr__ = at_cold_start(load)
