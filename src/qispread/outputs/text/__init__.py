"""Results in words: phrases and tables of differences that the terminal, the report and the page share."""
