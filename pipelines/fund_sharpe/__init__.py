"""Where do I go for the fund-Sharpe job?

- train the model that is served: `training`
- forecast every fund of a file: `forecasting`, `forecast_table`; what to know of them: `cautions`
- judge every model on rolling origins: `backtest_plan`, `contestants`, `backtest`
- what tuning minimises: `tuning_objective`
- settings: `pipelines/conf/fund_sharpe.yaml`
"""
