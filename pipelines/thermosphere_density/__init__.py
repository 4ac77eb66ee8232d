"""The density emulator: training, back-test against baselines, satellites."""
