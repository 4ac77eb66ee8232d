"""Forecasts of funds and satellites that a model was never trained on, beside the usual ones."""
