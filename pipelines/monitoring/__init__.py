"""Watching what is served: drift of inputs and forecasts, outcomes, running error and coverage."""
