"""Scores, tests and back-tests; metrics are pure functions, composed elsewhere."""
