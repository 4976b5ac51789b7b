"""Charts: functions from a table to a Vega-Lite chart that includes its data."""
