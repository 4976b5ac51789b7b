"""How results are put before people, once for terminal, report, page and charts: labels, numbers, sentences, tables."""
