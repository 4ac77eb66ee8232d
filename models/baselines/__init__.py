"""Where do I go for a model without gradients? Every one is a Forecaster over Windows.

- the same value, mean or season again: `LastValue`, `SeriesMean`, `SeasonalNaive`
- the mean, pulled toward that of all series: `ShrunkenMean`
- each series alone, by statsforecast: `SES`, `AutoETS`, `AutoARIMA`, `AutoTheta`
- regressions pooled over series: `PooledAR`, `PooledLeastSquares`, `KnownPartRidge`
- the same on what happened in which order: `SignatureRidge`
- the same on a code of the whole window: `PCARidge`, `AutoencoderRidge`

To write one: `pooled` (any point forecast) or `regression` (a linear one).
"""

from models.baselines.known_part_ridge import KnownPartRidge, KnownPartRidgeConfig
from models.baselines.last_value import LastValue, LastValueConfig
from models.baselines.pooled_ar import PooledAR, PooledARConfig
from models.baselines.pooled_least_squares import PooledLeastSquares, PooledLeastSquaresConfig
from models.baselines.reduced_ridge import AutoencoderRidge, PCARidge, ReducedRidgeConfig
from models.baselines.seasonal_naive import SeasonalNaive, SeasonalNaiveConfig
from models.baselines.series_mean import SeriesMean, SeriesMeanConfig
from models.baselines.shrunken_mean import ShrunkenMean, ShrunkenMeanConfig
from models.baselines.signature_ridge import SignatureRidge, SignatureRidgeConfig
from models.baselines.statistical import (
    SES,
    AutoARIMA,
    AutoARIMAConfig,
    AutoETS,
    AutoTheta,
    SeasonalConfig,
    StatisticalConfig,
)

__all__ = [
    "SES",
    "AutoARIMA",
    "AutoARIMAConfig",
    "AutoETS",
    "AutoTheta",
    "AutoencoderRidge",
    "KnownPartRidge",
    "KnownPartRidgeConfig",
    "LastValue",
    "LastValueConfig",
    "PCARidge",
    "PooledAR",
    "PooledARConfig",
    "PooledLeastSquares",
    "PooledLeastSquaresConfig",
    "ReducedRidgeConfig",
    "SeasonalConfig",
    "SeasonalNaive",
    "SeasonalNaiveConfig",
    "SeriesMean",
    "SeriesMeanConfig",
    "ShrunkenMean",
    "ShrunkenMeanConfig",
    "SignatureRidge",
    "SignatureRidgeConfig",
    "StatisticalConfig",
]
