"""Tests of the files that schedule Halyard."""
