"""`python -m cartwheel` is the command `cartwheel`."""

from cartwheel.cli.main import main

main()
