"""How fast the shop is: `python -m bench`. What the figures mean is in README.md beside this file."""
