"""The interactive page: a local server, its API and its static files."""
