"""Emulators of expensive field models: field <-> few coefficients <-> a recurrent forecaster."""
