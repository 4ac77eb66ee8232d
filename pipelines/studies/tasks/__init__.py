"""Test tasks of the literature, made by a seed or embedded where their licence allows it."""
