"""What a retraining is told: when it is needed, how much to tune, when a challenger wins."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.config import StrictModel


class NeedSettings(StrictModel):
    """When `--if-needed` goes on. Ages and amounts are in `unit`s of data: periods or months.

    min_new           fewer new units than this never justify a retraining
    max_age           a champion that lacks this many units is renewed anyway
    drift             whether a drift report that is flagged is a reason
    recent            newest units that the drift report judges; the data before are usual
    coverage          lowest and highest share of realised outcomes in the 90 % interval
    error_ratio       largest realised error of the champion over that of its back-test
    min_outcomes      dates with realised outcomes before these two say anything
    """

    min_new: int = Field(3, ge=0)
    max_age: int = Field(12, ge=1)
    drift: bool = True
    recent: int = Field(12, ge=2)
    coverage: tuple[float, float] = (0.75, 0.99)
    error_ratio: float = Field(1.5, gt=0)
    min_outcomes: int = Field(6, ge=1)


class TuneSettings(StrictModel):
    """The search before the challenger is trained; 0 trials leave the settings as they are.

    trials   of the study; the champion's own settings are the first
    best     best trials of the newest earlier study that are tried again
    earlier  folder of that study; without one, that of the newest run which tuned
    space    a shipped search space or a .yaml file
    workers  processes; a study is repeatable only with one
    sampler, startup_trials, seed   as in `halyard tune`
    """

    trials: int = Field(0, ge=0)
    best: int = Field(3, ge=0)
    earlier: str | None = None
    space: str = "search_space"
    workers: int = Field(1, ge=1)
    sampler: Literal["tpe", "gp", "random"] = "tpe"
    startup_trials: int = Field(4, ge=1)
    seed: int = Field(0, ge=0)


class PromotionSettings(StrictModel):
    """When the challenger takes over. All of it must hold.

    alpha          level of the one-sided tests
    leads          pooled: mean loss over all leads; holm: at least one lead, for all tests
                   together. Either way no lead may be surely worse (Holm)
    agree          whether the fixed-smoothing test must agree with Diebold and Mariano's
    coverage       lowest and highest mean coverage of the challenger's 90 % intervals
    latency_ratio  longest time of a batch forecast against the champion's, in one run
    refresh_after  a champion that lacks this many units of data gives way to a challenger
                   that is surely not worse than `margin`; none: only a better one wins
    margin         share of the champion's loss that counts as nothing, for refresh_after
    final_ratio    largest error of the final model, on dates it has seen, over the
                   challenger's error there unseen: a fit that failed is found
    automatic      false leaves the winner as the challenger, for a person to promote
    """

    alpha: float = Field(0.05, gt=0, lt=0.5)
    leads: Literal["pooled", "holm"] = "pooled"
    agree: bool = True
    coverage: tuple[float, float] = (0.82, 0.97)
    latency_ratio: float = Field(1.5, gt=0)
    refresh_after: int | None = Field(None, ge=1)
    margin: float = Field(0.01, gt=0)
    final_ratio: float = Field(1.1, gt=0)
    automatic: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 <= self.coverage[0] < self.coverage[1] <= 1:
            raise ValueError(f"coverage: expected two shares in order, got {list(self.coverage)}")
        return self


class RetrainSettings(StrictModel):
    """What both predictors are told."""

    need: NeedSettings = NeedSettings.model_validate({})
    tuning: TuneSettings = TuneSettings.model_validate({})
    promotion: PromotionSettings = PromotionSettings.model_validate({})


class FundComparison(StrictModel):
    """Origins on which champion and challenger are compared.

    origins      most forecast origins, the newest with an outcome
    step         periods between origins
    refit_every  origins between refits of both
    loss         crps (mean and interval together) or squared_error
    min_origins  fewer than this is no comparison
    """

    origins: int = Field(40, ge=2)
    step: int = Field(3, ge=1)
    refit_every: int = Field(4, ge=1)
    loss: Literal["crps", "squared_error"] = "crps"
    min_origins: int = Field(12, ge=2)


class FundRetrainSettings(RetrainSettings):
    """The forecaster of Sharpe ratios; a unit is a period of the panel."""

    comparison: FundComparison = FundComparison.model_validate({})


class DensityComparison(StrictModel):
    """Hours on which champion and challenger are compared.

    months    newest whole months, whose open-loop windows are scored
    loss      crps, nlpd or mape: daily means
    jobs      processes that train networks
    min_days  fewer than this is no comparison
    """

    months: int = Field(12, ge=1)
    loss: Literal["crps", "nlpd", "mape"] = "crps"
    jobs: int = Field(2, ge=1)
    min_days: int = Field(20, ge=2)


class DensityRetrainSettings(RetrainSettings):
    """The emulator of thermosphere density; a unit is a month of fields."""

    comparison: DensityComparison = DensityComparison.model_validate({})
