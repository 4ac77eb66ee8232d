"""Everything that touches storage, time or a fit.

Where do I go to
- read or check data, make windows? `datasets`
- change a setting? `config` and `conf/`
- search for better settings? `tuning`
- judge forecasts? `evaluation`
"""
