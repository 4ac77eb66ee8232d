"""Tuning sees only the past of each cutoff, compares like with like, and writes usable settings."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from models.errors import ConfigError, DataError
from models.forecasters.settings import NetworkConfig
from models.forecasters.soft_trees import SoftTreesOptions
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from pipelines.config import load_config
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe import tuning_objective
from pipelines.fund_sharpe.tuning_objective import (
    GAP,
    MIN_TRAINING,
    SPAN,
    configured,
    cut,
    cutoffs,
    fold_losses,
    fund_sharpe_objective,
    mean_square,
    objective_on,
    tuned_settings,
)
from pipelines.tuning.objectives import OBJECTIVES, settings_of
from pipelines.tuning.space import SearchSpace
from tests.pipelines.fund_sharpe.runs import changed_after
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config

#: 12 funds: training rows begin at time 59, their first outcome is at 65.
MONTHS = 220
FIRST, NEWEST = 59 + 6 + MIN_TRAINING, MONTHS - 12 - SPAN


def features_of(data: ReturnsPanel) -> FundFeatures:
    return FundSharpeModel(tiny_config()).features(data.excess, data.risk_free)


@cache
def long_panel() -> ReturnsPanel:
    return panel(months=MONTHS)


def folds_of(data: ReturnsPanel) -> tuple[int, ...]:
    return cutoffs(features_of(data), FundSharpeModel(tiny_config()))


def losses(data: ReturnsPanel, folds: tuple[int, ...]) -> list[float]:
    return list(fold_losses(features_of(data), tiny_config(cells=("gru",)), folds))


def test_cutoffs_end_where_the_last_outcome_does_and_do_not_overlap() -> None:
    folds = folds_of(long_panel())
    assert folds[-1] == NEWEST
    assert folds[-1] + SPAN - 1 + 12 == MONTHS - 1
    assert folds[0] >= FIRST
    assert np.diff(folds).min() >= SPAN


def test_a_long_panel_has_six_cutoffs_six_years_apart() -> None:
    folds = folds_of(panel(months=600))
    assert len(folds) == 6
    assert set(np.diff(folds)) == {GAP}


def test_one_month_too_short_is_told() -> None:
    enough = FIRST + 12 + SPAN
    assert folds_of(panel(months=enough)) == (FIRST,)
    with pytest.raises(DataError, match=f"too short to tune on: {enough - 1} periods; expected 1"):
        folds_of(panel(months=enough - 1))


def test_what_comes_after_a_folds_last_outcome_changes_nothing() -> None:
    fold = folds_of(long_panel())[0]
    end = fold + SPAN - 1 + 12
    (before,) = losses(long_panel(), (fold,))
    (after,) = losses(changed_after(long_panel(), end), (fold,))
    (felt,) = losses(changed_after(long_panel(), end - 1), (fold,))
    assert before == after
    assert before != felt


def test_a_cut_panel_is_the_file_as_it_was_then() -> None:
    changed = changed_after(long_panel(), 199)
    until = long_panel().periods[199]
    one, other = (cut(data, until) for data in (long_panel(), changed))
    assert one.periods[-1] == until
    assert one.returns.tobytes() == other.returns.tobytes()
    assert objective_on(one, tiny_config())({}, silent) == objective_on(other, tiny_config())(
        {}, silent
    )


def silent(_step: int, _value: float) -> None:
    """Report to nobody."""


@pytest.mark.parametrize(
    ("until", "error", "expected"),
    [
        ("2003-12", DataError, "--until 2003-12: the data begin later, in 2004-01"),
        ("soon", ConfigError, "--until: period 'soon': expected one like '2013-07'"),
        ("2010-13", ConfigError, "--until: period '2010-13': expected one like '2013-07'"),
    ],
)
def test_a_month_that_cannot_be_is_refused(
    until: str, error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected):
        cut(long_panel(), until)


def test_the_loss_is_the_mean_of_its_folds_and_reports_fall_to_it() -> None:
    seen: list[tuple[int, float]] = []
    loss = objective_on(long_panel(), tiny_config())(
        {"cell": "gru"}, lambda step, value: seen.append((step, value))
    )
    each = losses(long_panel(), folds_of(long_panel()))
    assert loss == pytest.approx(np.mean(each))
    assert [step for step, _ in seen] == list(range(len(each)))
    assert seen[0][1] == pytest.approx((each[0] + 2.0 * (len(each) - 1)) / len(each))
    assert seen[-1][1] == pytest.approx(loss)
    assert all(a[1] > b[1] for a, b in pairwise(seen))


def test_without_weight_the_networks_change_nothing() -> None:
    assert objective_on(long_panel(), tiny_config(shrinkage=0.0))({}, silent) == pytest.approx(1.0)


def test_what_the_pruner_raises_ends_the_trial() -> None:
    class Pruned(Exception):  # noqa: N818
        pass

    def prune(_step: int, _value: float) -> None:
        raise Pruned

    with pytest.raises(Pruned):
        objective_on(long_panel(), tiny_config())({}, prune)


def test_dates_count_the_same_and_missing_outcomes_not() -> None:
    # Date 7 has errors 1 and 3, mean square 5; date 8 has 2 alone, 4; their mean is 4.5.
    error = np.array([[1.0, np.nan], [3.0, 2.0], [2.0, np.nan]])
    np.testing.assert_allclose(mean_square(error, np.array([7, 7, 8])), [4.5, 4.0])


def test_parameters_find_their_places() -> None:
    params = {"cell": "gru", "hidden_size": 9, "epochs": 3, "lookback": 12, "head": "quantile"}
    made = configured(tiny_config(), params)
    assert (made.network.hidden_size, made.network.head, made.network.loss) == (9, "quantile", None)
    assert (made.training.epochs, made.lookback) == (3, 12)
    assert made.cells == ("gru",)
    assert made.training.batch_size == tiny_config().training.batch_size


def test_noise_on_weights_and_what_only_some_backbones_have_can_be_tuned() -> None:
    made = configured(tiny_config(), {"weight_noise": 0.075, "signature_depth": 2})
    assert made.training.weight_noise == 0.075
    assert made.network.options == replace(tiny_config().network.options, signature_depth=2)


def test_the_readout_and_the_passes_of_dropout_can_be_tuned() -> None:
    params = {"readout": "soft_gbdt", "trees": 3, "tree_depth": 2, "tree_rate": 0.5}
    network = configured(tiny_config(), {**params, "tree_loss": "final", "mc_passes": 9}).network
    assert (network.readout, network.mc_passes) == ("soft_gbdt", 9)
    assert network.soft_trees == SoftTreesOptions(3, 2, 0.5, "final")
    assert network.loss is None


def test_how_targets_become_weights_can_be_tuned() -> None:
    made = configured(FundSharpeConfig(), {"parametrisation": "target", "target_probe_rows": 40})
    assert made.training.parametrisation == "target"
    assert made.training.target.probe_rows == 40


def test_without_a_cell_all_kinds_are_judged_together() -> None:
    assert configured(tiny_config(), {"layers": 2}).cells == ("lstm", "gru")
    loss = {
        cells: objective_on(long_panel(), tiny_config(cells=cells))({}, silent)
        for cells in (("lstm",), ("gru",), ("lstm", "gru"))
    }
    # The error of a mean of forecasts is at most the mean of their errors.
    assert loss["lstm", "gru"] < max(loss["lstm",], loss["gru",])


def test_a_head_does_not_keep_the_loss_of_another() -> None:
    base = replace(tiny_config(), network=NetworkConfig(head="gaussian", loss="nll"))
    assert configured(base, {"head": "quantile"}).network.loss is None
    assert configured(base, {"head": "student_t", "loss": "crps"}).network.loss == "crps"
    assert configured(base, {"layers": 2}).network.loss == "nll"


def test_a_parameter_without_a_place_is_refused() -> None:
    with pytest.raises(ConfigError, match="'momentum' is no setting of it; a space may have cell"):
        configured(tiny_config(), {"momentum": 0.9})


class Lowest:
    """Draws the first of everything."""

    def suggest_float(self, _name: str, low: float, _high: float, *, log: bool) -> float:
        del log
        return low

    def suggest_int(self, _name: str, low: int, _high: int, *, step: int, log: bool) -> int:
        del step, log
        return low

    def suggest_categorical(self, _name: str, choices: tuple[Any, ...]) -> Any:
        return choices[0]


def test_every_parameter_of_the_shipped_space_has_a_place() -> None:
    point = load_config(SearchSpace, "search_space").suggest(Lowest())
    made = configured(tiny_config(), point)
    assert made.network.hidden_size == point["hidden_size"]


def test_the_best_settings_are_a_file_that_train_reads(tmp_path: Path) -> None:
    settings = settings_of("fund-sharpe", {"hidden_size": 24, "lookback": 24})
    file = tmp_path / "best.yaml"
    file.write_text(yaml.safe_dump(settings), "utf-8")
    read = load_dataclass(FundSharpeConfig, file)
    shipped = load_dataclass(FundSharpeConfig, "fund_sharpe")
    assert (read.network.hidden_size, read.lookback) == (24, 24)
    assert (
        replace(
            read,
            lookback=shipped.lookback,
            network=replace(read.network, hidden_size=shipped.network.hidden_size),
        )
        == shipped
    )
    assert settings == tuned_settings({"hidden_size": 24, "lookback": 24})


def test_a_file_is_read_as_the_options_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "returns.csv"
    data = long_panel()
    pl.DataFrame(
        {
            "who": np.repeat(data.ids, MONTHS),
            "month": np.tile(data.periods, 12),
            "ret": data.returns.ravel(),
        }
    ).write_csv(file)
    seen: list[ReturnsPanel] = []
    monkeypatch.setattr(tuning_objective, "objective_on", lambda panel, _base: seen.append(panel))
    arguments = {"columns": {"series": ["who"]}, "min_months": 100, "until": "2020-12"}
    fund_sharpe_objective(str(file), data_hash="any", **arguments)
    (read,) = seen
    assert read.ids == data.ids
    assert read.periods[-1] == "2020-12"
    assert OBJECTIVES["fund-sharpe"].endswith(":fund_sharpe_objective")
