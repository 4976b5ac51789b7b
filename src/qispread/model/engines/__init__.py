"""The two engines: Mesa agents to read, teach with and extend; compiled loops for batches. They agree bit for bit."""
