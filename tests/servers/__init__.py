"""Real servers for tests: started on first use, thrown away at the end."""
