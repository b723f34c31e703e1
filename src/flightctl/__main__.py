"""``python -m flightctl``."""

from flightctl.cli.main import main

main()
