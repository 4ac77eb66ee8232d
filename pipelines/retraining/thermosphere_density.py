"""The emulator of thermosphere density as something that is retrained (see `domain.Domain`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.settings import DensityConfig
from models.emulators.storage import from_state
from pipelines.atomic import write_parquet
from pipelines.dataclass_config import load_dataclass
from pipelines.registry import THERMOSPHERE_DENSITY, StoredModel, load_state
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.density_checks import remarks
from pipelines.retraining.density_compare import (
    hourly_scores,
    losses_and_scores,
    registry_segments,
    windows_of,
)
from pipelines.retraining.density_drift import drift_of
from pipelines.retraining.density_fields import span
from pipelines.retraining.density_fits import Champion, DensityFits, first_judged, months_between
from pipelines.retraining.domain import CHALLENGER, CHAMPION, Comparison, Facts
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.latency import seconds_of_both
from pipelines.retraining.settings import DensityRetrainSettings
from pipelines.retraining.told import told_outcomes
from pipelines.thermosphere_density.fields import Fields
from pipelines.thermosphere_density.results_rows import ALL
from pipelines.thermosphere_density.storing import describe_fields, store_emulator

UNIT = "month"


class DensityRetraining:
    """Fields and drivers up to the newest month, the champion, settings of a challenger."""

    def __init__(
        self,
        fields: Fields,
        drivers: Drivers,
        how: DensityRetrainSettings,
        champion: StoredModel | None,
        challenger: DensityConfig,
    ) -> None:
        self.fields, self.drivers = fields, drivers
        self.how, self.champion = how, champion
        self._challenger = challenger
        self.cut = first_judged(fields.times[-1], how.comparison.months)

    @property
    def name(self) -> str:
        return THERMOSPHERE_DENSITY

    @property
    def servable(self) -> bool:
        return True

    @cached_property
    def stored(self) -> Champion | None:
        """The champion as it is served; its files are checked when it is read."""
        if self.champion is None:
            return None
        about = self.champion.metadata
        return Champion(
            from_state(load_state(self.champion)),
            load_dataclass(DensityConfig, about["config"]),
            np.datetime64(about["data"]["last"], "h"),
        )

    def data(self) -> Result:
        return describe_fields(self.fields)

    def challenger(self) -> Result:
        return asdict(self._challenger)

    def validate(self) -> Sequence[str]:
        days = int((self.fields.times >= self.cut).sum()) // 24
        return remarks(
            self.fields, self._challenger, self.stored, days, self.how.comparison.min_days
        )

    def drift(self) -> Result:
        told = None if self.champion is None else told_outcomes(self.champion)
        return drift_of(self.drivers, self.stored, self.how.need.recent, self._since, told)

    def facts(self) -> Facts:
        champion, hours = self.stored, self._since
        if champion is None or self.champion is None:
            return Facts(None, UNIT)
        age = months_between(champion.trained, self.fields.times[-1])
        if hours is None:
            return Facts(age, UNIT)
        series, scores = losses_and_scores(hours, "mape")
        found = scores[CHALLENGER][ALL]
        promised = self.champion.metadata["metrics"].get("segments", {}).get(ALL, {}).get("mape")
        error = found["mape"] / promised if promised else None
        return Facts(age, UNIT, len(series[0].dates), found["coverage_90"], error)

    @cached_property
    def _since(self) -> pl.DataFrame | None:
        """Scores by hour of the champion's forecasts since its training; None without a horizon
        of fields since then."""
        champion = self.stored
        if champion is None:
            return None
        first = champion.trained + np.timedelta64(1, "h")
        if self.fields.times[-1] - champion.trained < np.timedelta64(champion.config.horizon, "h"):
            return None
        return self._scores({CHALLENGER: champion.emulator}, champion.config, first)

    def tune(self, folder: RunFolder, deadline: Deadline) -> Result:
        from pipelines.retraining.density_tuning import tune_density

        last = self.cut - np.timedelta64(1, "h")
        # The search may not see what the comparison is about.
        known, drivers = span(self.fields, self.drivers, self.fields.times[0], last)
        return tune_density(known, drivers, self._challenger, self.how.tuning, folder, deadline)

    def train(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Result:
        fits = self._fits(folder, deadline)
        fits.challenger(load_dataclass(DensityConfig, settings))
        return {"settings": dict(settings), "first judged": str(self.cut)}

    def compare(self, folder: RunFolder, settings: Result, deadline: Deadline) -> Comparison:
        fits = self._fits(folder, deadline)
        hours = self._unseen(folder, fits, settings)
        series, scores = losses_and_scores(hours, self.how.comparison.loss)
        scores.setdefault(CHAMPION, scores[CHALLENGER])
        metrics = {
            "judged_on": f"{self.cut} to {self.fields.times[-1]}",
            "windows": hours["window"].n_unique(),
            "components": fits.challenger(self._config(settings)).components.rank,
            "segments": registry_segments(hours.filter(pl.col("model") == CHALLENGER)),
        }
        return Comparison(self.how.comparison.loss, series, scores, fits.notes(), metrics)

    def seconds(self, folder: RunFolder, settings: Result) -> tuple[float, float]:
        fits = self._fits(folder, Deadline())
        config = self._config(settings)
        challenger = fits.challenger(config)
        champion = challenger if self.stored is None else self.stored.emulator
        lookback = max(champion.lookback, challenger.lookback)
        windows = [
            windows_of(one, self.fields, self.drivers, self.cut, lookback, config)
            for one in (champion, challenger)
        ]
        return seconds_of_both(
            lambda: champion.predict(*windows[0]), lambda: challenger.predict(*windows[1])
        )

    def final_error(self, folder: RunFolder, settings: Result, deadline: Deadline) -> float:
        fits, config = self._fits(folder, deadline), self._config(settings)
        final = from_state(fits.final(config))
        _, seen = losses_and_scores(self._scores({CHALLENGER: final}, config, self.cut), "mape")
        _, unseen = losses_and_scores(self._unseen(folder, fits, settings), "mape")
        return seen[CHALLENGER][ALL]["mape"] / unseen[CHALLENGER][ALL]["mape"]

    def store(self, folder: RunFolder, settings: Result, lineage: Result) -> StoredModel:
        config = self._config(settings)
        state = self._fits(folder, Deadline()).final(config)
        return store_emulator(state, self.fields, self.drivers, config, **lineage)

    def _config(self, settings: Result) -> DensityConfig:
        return load_dataclass(DensityConfig, settings)

    def _fits(self, folder: RunFolder, deadline: Deadline) -> DensityFits:
        jobs = self.how.comparison.jobs
        return DensityFits(self.fields, self.drivers, self.cut, self.stored, jobs, folder, deadline)

    def _unseen(self, folder: RunFolder, fits: DensityFits, settings: Result) -> pl.DataFrame:
        """Scores of both by hour, made unless they are there."""
        file: Path = folder.path / "forecasts" / "hours.parquet"
        if not file.is_file():
            config = self._config(settings)
            sides = {CHALLENGER: fits.challenger(config)}
            rival = fits.rival()
            if rival is not None:
                sides = {CHAMPION: rival, **sides}
            write_parquet(file, self._scores(sides, config, self.cut))
        return pl.read_parquet(file)

    def _scores(
        self, sides: dict[str, DensityEmulator], config: DensityConfig, first: np.datetime64
    ) -> pl.DataFrame:
        """Scores by hour of emulators on the same windows from `first` on."""
        lookback = max(emulator.lookback for emulator in sides.values())
        tables: list[pl.DataFrame] = []
        for name, emulator in sides.items():
            rollouts, drivers = windows_of(
                emulator, self.fields, self.drivers, first, lookback, _own(config, emulator)
            )
            tables.append(hourly_scores(name, emulator, rollouts, drivers, self.fields))
        return pl.concat(tables)


def _own(config: DensityConfig, emulator: DensityEmulator) -> DensityConfig:
    """Windows of the common horizon, with the emulator's own look-back."""
    return replace(config, lookback=emulator.lookback, horizon=emulator.horizon)
