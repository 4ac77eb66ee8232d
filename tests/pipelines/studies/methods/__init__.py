"""The contest of methods."""
