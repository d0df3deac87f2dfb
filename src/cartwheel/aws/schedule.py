"""Time in on Lambda: a slice's scheduled function. What it raises fails this invocation; the next one is soon."""

from .business import load
from .cold_start import at_cold_start

__getattr__ = at_cold_start(load)
