"""When the states of a stored model's networks changed, by the gates that let them."""
