"""What a trained network looks at: how far back it remembers, and which inputs move a forecast."""
