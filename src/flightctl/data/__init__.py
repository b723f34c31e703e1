"""Facts that come with the package: airlines, and the flights of the sandbox."""
