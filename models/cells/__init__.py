"""One recurrent step per file: step(x, state) -> state."""
