"""Sequence in, features out; one architecture per file."""
