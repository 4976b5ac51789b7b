"""Text of results: labels, sentences and tables that the terminal, the report and the page share."""
