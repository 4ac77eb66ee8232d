"""Where do I go to tune a model? Optuna is imported below this folder and nowhere else.

- say what may vary: `space`, and the YAML `search_space` in `pipelines/conf/`
- say what is minimised, or add a thing that can be tuned: `objectives`
- say how to search, read what came out: `settings`
- run a study, alone or with workers, or go on with one: `run.tune`
- write the summary and the plots: `report`
"""
