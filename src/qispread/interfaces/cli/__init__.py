"""What users type, one module a command: `add` declares its arguments, `act` does what they ask."""
