"""Two observed diffusions, and whether each needs contagion once an external push is allowed."""
