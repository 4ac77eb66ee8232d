"""Where do I go to tune a model? Optuna is imported below this folder and nowhere else.

space      what may vary, from YAML
"""
