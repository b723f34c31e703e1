"""Table and JSON shape of each thing, side by side; the only place that knows rich."""
