"""Settings of the density emulator."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from models.emulators.features import FEATURE_SETS
from models.emulators.grid import Grid
from models.errors import ConfigError
from models.forecasters.coding_settings import CodingConfig, JointConfig
from models.forecasters.settings import RolloutConfig
from models.transforms.autoencoder_settings import AutoencoderConfig, Corruption
from models.transforms.reducers import PCA, ReducerKind, check_reducer


@dataclass(frozen=True)
class GridConfig:
    """The grid of the fields.

    local_times, latitudes, heights  how many
    lowest, highest                  km, of evenly spaced heights
    levels                           heights in km instead of those, unevenly spaced
    """

    local_times: int = 24
    latitudes: int = 20
    heights: int = 16
    lowest: float = 100.0
    highest: float = 450.0
    levels: tuple[float, ...] = ()

    def grid(self) -> Grid:
        """Raises ConfigError when it is no grid."""
        even = Grid.regular(
            self.local_times,
            self.latitudes,
            self.heights,
            lowest=self.lowest,
            highest=self.highest,
        )
        return Grid(even.local_time, even.latitude, self.levels) if self.levels else even


@dataclass(frozen=True)
class FieldAutoencoderConfig(AutoencoderConfig):
    """What suits coefficients of smooth fields: components first, which layers bend a little.

    Bounded layers, so that beyond the training range the components are left: unbounded ones
    restored storms stronger than any in training far worse than components do.
    """

    code: int = 10
    corruption: Corruption = "gaussian"
    noise: float = 0.02
    linear_path: bool = True
    by_variance: bool = True
    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 1e-3

    def plain(self) -> AutoencoderConfig:
        """The same as what an autoencoder is stored with."""
        return AutoencoderConfig(**asdict(self))


@dataclass(frozen=True)
class DensityConfig:
    """The density emulator and what it is trained on.

    grid           of the fields
    source         what makes the fields: msis21, msis20, msis00 or relaxed_msis21 (test truth)
    first, last    months of the fields
    held_out       years that nothing is fitted on
    rank           components kept; without one, as many as explain `variance`
    variance       share of the variance of log10 density
    max_rank       most components
    fit_every      hours between the fields that the components are fitted on
    feature_set    what the networks read of the drivers
    cells          kinds of networks in the ensemble
    members        networks of each kind
    lookback       hours before a rollout that the networks read
    horizon        hours of a rollout
    storm_weight   how much more often a rollout with Kp of 7 or more is shown than a quiet one
    active_weight  the same for Kp of 5 or more
    recurrent      networks and their training
    reducer        pca: networks forecast the coefficients of the components; autoencoder: they
                   forecast a shorter code of the coefficients, one autoencoder for each network
    autoencoder    of the coefficients
    joint          training of decoder and network together, after that of each; off by default
    """

    grid: GridConfig = field(default_factory=GridConfig)
    source: Literal["msis21", "msis20", "msis00", "relaxed_msis21"] = "msis21"
    first: str = "1997-01"
    last: str = "2008-12"
    held_out: tuple[int, ...] = (2003,)
    rank: int | None = None
    variance: float = 0.9999
    max_rank: int = 40
    fit_every: int = 7
    feature_set: str = "full"
    cells: tuple[str, ...] = ("lstm", "gru")
    members: int = 2
    lookback: int = 72
    horizon: int = 120
    storm_weight: float = 8.0
    active_weight: float = 2.5
    recurrent: RolloutConfig = field(default_factory=RolloutConfig)
    reducer: ReducerKind = "pca"
    autoencoder: FieldAutoencoderConfig = field(default_factory=FieldAutoencoderConfig)
    joint: JointConfig = field(default_factory=JointConfig)

    def __post_init__(self) -> None:
        if self.feature_set not in FEATURE_SETS:
            raise ConfigError(
                f"feature_set: expected one of {', '.join(FEATURE_SETS)}, got {self.feature_set!r}"
            )
        for name in ("max_rank", "fit_every", "members", "lookback", "horizon"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected 1 or more, got {getattr(self, name)}")
        check_reducer("reducer", self.reducer)
        if self.joint.epochs and self.reducer == PCA:
            raise ConfigError(
                f"joint.epochs: {self.joint.epochs}, but components have no decoder to train; set "
                "reducer to autoencoder, or joint.epochs to 0"
            )
        if not 0 < self.variance < 1:
            raise ConfigError(f"variance: expected between 0 and 1, got {self.variance}")
        if self.rank is not None and self.rank < 1:
            raise ConfigError(f"rank: expected 1 or more, got {self.rank}")

    @property
    def coding(self) -> CodingConfig | None:
        """How networks forecast in codes; None where they forecast coefficients."""
        return None if self.reducer == PCA else CodingConfig(self.autoencoder.plain(), self.joint)

    def on_components(self) -> DensityConfig:
        """The same without an autoencoder: for what is compared with the networks."""
        return replace(self, reducer="pca", joint=JointConfig())

    @property
    def seed(self) -> int:
        """Seed of the first network."""
        return self.recurrent.training.seed
