"""Frozen networks against the same ones that learn from every outcome."""
