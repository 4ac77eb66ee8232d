"""Features in, predictive distribution and its loss out; one distribution per file."""
