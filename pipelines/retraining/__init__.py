"""Where do I go to change how models are renewed? One run is a chain of steps that resumes.

- what a run is told: `settings`; what a predictor has to offer to take part: `domain`
- the chain, its memory on disk, its deadline: `pipeline`, `folder`, `deadline`
- is a new model needed: `decide`; is it better: `accuracy`, `judge`
- the two predictors: `fund_sharpe`, `thermosphere_density` and the files beside them
- for people: `report` and the table of runs, `runs_table`
"""
