"""Where do I go to measure forecasts on a panel of many series, as published sets are?

- read a file, hold the test part out: `panel`, `steps`
- rows to train on, to rehearse on, to forecast: `problem`
- settings: `settings`, and `monthly.yaml` in `pipelines/conf/`
- train networks and run classical models, in parallel: `members`, `statistical`
- the forecasts of everything, from the training part alone: `forecasts`
- scores and the whole run: `scores`, `benchmark`
- what a tuning study minimises: `objective`
"""
