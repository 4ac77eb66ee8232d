"""Experiments that show what a method can do: tasks, proofs of papers' claims, comparisons."""
