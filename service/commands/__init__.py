"""Where do I go to change a verb of `halyard`? One file per verb, named after it.

A file here imports only typer and light modules at the top; whatever loads torch,
polars or matplotlib is imported inside the function, so that `--help` stays quick.
"""
