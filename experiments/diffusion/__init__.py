"""Two diffusions that were observed, and whether each needs contagion once an external push is allowed."""
