"""Which origins a comparison of fund-Sharpe models is on, and who knows what at each.

Origins are the newest with an outcome, in blocks. At the first origin of a block, its cut,
the challenger is fitted on what was known by then, and both forecast the block's origins as
they would have been served: from their own market, held at its last value.

The champion takes part with its stored weights where its training ended by the cut. Where it
has seen more, its settings stand in, fitted on data that end as many periods before the cut
as the champion is old today. So neither knows an outcome, and the test asks what matters: is
a fresh model of these settings better than one of those settings as stale as the champion?
"""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import DataError
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.backtest_plan import MIN_TRAINING_PERIODS
from pipelines.retraining.settings import FundComparison


@dataclass(frozen=True)
class Block:
    """Origins between two refits. All are indices of the panel's periods.

    cut       newest period that the challenger knows; the first origin
    stand_in  newest period that the champion's settings know; None: its stored weights
    """

    origins: tuple[int, ...]
    stand_in: int | None

    @property
    def cut(self) -> int:
        return self.origins[0]


def make_blocks(
    panel: ReturnsPanel,
    challenger: FundSharpeConfig,
    champion: FundSharpeConfig,
    trained: int | None,
    how: FundComparison,
) -> tuple[Block, ...]:
    """Blocks of the newest origins at which both could be fitted, oldest first.

    trained   newest period that the stored champion knows; None without a champion

    Raises DataError when the panel has too few of them.
    """
    newest_period = len(panel.periods) - 1
    age = 0 if trained is None else max(newest_period - trained, 0)
    shortest = min(challenger.horizons)
    oldest = max(_first_cut(panel, challenger), _first_cut(panel, champion) + age)
    candidates = list(range(newest_period - shortest, oldest - 1, -how.step))[: how.origins][::-1]
    if len(candidates) < how.min_origins:
        raise DataError(
            f"{panel.periods[0]} to {panel.periods[-1]} leave {len(candidates)} origins for a "
            f"comparison, expected at least {how.min_origins}; give a longer file, or lower "
            "comparison.step, warm_up or min_history"
        )
    size = how.refit_every
    parts = [tuple(candidates[i : i + size]) for i in range(0, len(candidates), size)]
    return tuple(Block(part, _stand_in(part[0], trained, age)) for part in parts)


def _stand_in(cut: int, trained: int | None, age: int) -> int | None:
    if trained is None or trained <= cut:
        return None
    return cut - age


def _first_cut(panel: ReturnsPanel, config: FundSharpeConfig) -> int:
    """The first period at which a model of these settings has outcomes to be trained on."""
    model = FundSharpeModel(config)
    features: FundFeatures = model.features(panel.excess, panel.risk_free)
    return model.first_training_time(features) + min(config.horizons) + MIN_TRAINING_PERIODS
