"""Arrays in, forecasts out: torch and numpy, no files and no network.

Where do I go to
- see what every layer speaks (windows, forecasts, the interface of a model)? `contract`
- catch an error? `errors`
- add a recurrent step, an architecture, a distribution? `cells`, `backbones`, `heads`
- scale data or compute a rolling Sharpe ratio? `transforms`
- train a network, or compare it with something simple? `forecasters`, `baselines`
"""
