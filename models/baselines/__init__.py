"""Forecasters without gradients, behind the same interface as the networks."""
