"""Fitted on the training span, invertible, saved inside the model."""
