"""How far back the networks of a stored model see, beside the window that they are given."""
