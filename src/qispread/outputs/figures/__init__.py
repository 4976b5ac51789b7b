"""Charts, each declared once: a table in, a plain Vega-Lite chart with its data inside out."""
