"""The command line, one module for each command: `add` declares its arguments, `act` runs it."""
