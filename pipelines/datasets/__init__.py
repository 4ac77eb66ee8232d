"""Panels of returns: reading, checking, splitting, windows."""
