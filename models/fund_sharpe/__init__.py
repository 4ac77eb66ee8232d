"""The fund-Sharpe forecaster: a structural reference, corrected by recurrent networks.

- settings: `settings`; fit and predict a whole panel: `model`
- answer for funds that come one at a time: `serving`
- as data, to be stored: `storage`

The ensemble of an LSTM and a GRU is that of Chu et al., arXiv 2209.09649; everything
else is our choice (docs/fund_sharpe.md).
"""

from models.fund_sharpe.model import FundSharpeModel
from models.fund_sharpe.serving import FundSharpeForecaster
from models.fund_sharpe.settings import FundSharpeConfig
from models.fund_sharpe.storage import from_state, to_state

__all__ = [
    "FundSharpeConfig",
    "FundSharpeForecaster",
    "FundSharpeModel",
    "from_state",
    "to_state",
]
