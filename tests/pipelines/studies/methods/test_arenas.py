"""Both jobs as contests: tuned on the older part, judged on the newer, equal in size."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.errors import ConfigError, DataError
from pipelines.datasets.panel import ReturnsPanel
from pipelines.studies.methods.contest import Fairness, shared_out
from pipelines.studies.methods.density import DensityArena
from pipelines.studies.methods.fund import FundArena
from pipelines.thermosphere_density.fields import ReducedSeries, reduce_fields
from pipelines.thermosphere_density.splits import split_hours
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, made_up

FAIR = Fairness(budget=400, trials=2, seeds=1)
FUND = {"learning_rate": 1e-3, "weight_decay": 1e-4, "dropout": 0.0, "epochs": 1, "lookback": 12}
DENSITY = {"learning_rate": 1e-3, "weight_decay": 1e-4, "unknown_start": 0.5}


def shifted(data: ReturnsPanel, since: int) -> ReturnsPanel:
    """With a crash in every month from one on."""
    returns = data.returns.copy()
    returns[:, since:] -= 0.3
    return replace(data, returns=returns)


@cache
def series() -> ReducedSeries:
    fields, drivers = made_up()
    return reduce_fields(fields, drivers, split_hours(drivers.times, (2002,)).train, QUICK)


def test_funds_are_tuned_on_the_older_part_alone() -> None:
    data = panel(months=300)
    older = int(0.6 * 300)
    arenas = [FundArena(one, tiny_config()) for one in (data, shifted(data, older + 1))]
    losses = [arena.tuning_loss("tanh", 4, FUND, 0) for arena in arenas]
    assert losses[0] == losses[1]
    seen = FundArena(shifted(data, older - 10), tiny_config())
    assert seen.tuning_loss("tanh", 4, FUND, 0) != losses[0]


def test_funds_are_judged_in_units_of_the_reference_on_dates_after_the_tuning() -> None:
    data = panel(months=300)
    arena = FundArena(data, tiny_config())
    plain = arena.judge_other("structural")
    assert plain.dates[0] == data.periods[int(0.6 * 300)]
    assert plain.losses["squared_error"].mean() == pytest.approx(1.0, abs=1e-12)
    found = arena.judge("gru", 4, FUND, FAIR)
    assert found.dates == plain.dates
    assert not np.array_equal(found.losses["squared_error"], plain.losses["squared_error"])
    other = arena.judge_other("shipped-tanh")
    assert other.dates == plain.dates


def test_forecasts_of_funds_do_not_know_what_came_after_their_cutoff() -> None:
    data = panel(months=300)
    cutoff = int(0.6 * 300)
    late, lead = cutoff + 30, 6
    config = replace(tiny_config(targets=("forward",)), horizons=(lead,))
    before, after = (
        FundArena(one, config).judge("tanh", 4, FUND, FAIR) for one in (data, shifted(data, late))
    )
    # Losses are in units of the reference's, which the crash changes: one factor for all origins
    # whose outcomes lie before it.
    known = late - lead - cutoff
    ratio = before.losses["squared_error"] / after.losses["squared_error"]
    np.testing.assert_allclose(ratio[:known], ratio[0], rtol=1e-6)
    assert not np.allclose(ratio, ratio[0], rtol=0.1)


def test_a_panel_of_a_file_has_a_contest_of_its_own() -> None:
    arena = FundArena(panel(), tiny_config(), "etfs", "--data etfs.csv")
    assert arena.job == "fund-sharpe-etfs"
    assert arena.command == "halyard study methods fund-sharpe --data etfs.csv"
    assert FundArena(panel(), tiny_config()).job == "fund-sharpe"


def test_a_panel_without_later_years_is_one_line() -> None:
    arena = FundArena(panel(months=90), tiny_config())
    with pytest.raises(DataError, match="give a longer panel"):
        arena.tuning_loss("tanh", 4, FUND, 0)


def test_a_short_panel_is_tuned_on_as_much_as_tuning_needs() -> None:
    arena = FundArena(panel(months=220), tiny_config())
    assert np.isfinite(arena.tuning_loss("tanh", 4, FUND, 0))
    least = 220 - len(arena.judge_other("structural").dates) - min(tiny_config().horizons)
    assert least > 0.6 * 220


def test_sizes_are_matched_and_draws_are_those_of_the_seed() -> None:
    funds = FundArena(panel(months=300), tiny_config())
    density = DensityArena(series(), QUICK)
    for arena in (funds, density):
        for method in ("lstm", "tanh", "glu_convolution"):
            hidden, parameters = arena.size(method, 4000)
            assert hidden % 4 == 0
            assert parameters == pytest.approx(4000, rel=0.35)
        assert arena.draws(FAIR) == arena.draws(FAIR)
        assert arena.draws(FAIR) != arena.draws(replace(FAIR, seed=1))
        assert arena.step_seconds("tanh", 4) > 0
    assert "bidirectional_lstm" in funds.methods
    assert "bidirectional_lstm" not in density.methods


def test_densities_are_judged_on_days_held_out() -> None:
    arena = DensityArena(series(), QUICK)
    assert np.isfinite(arena.tuning_loss("tanh", 4, DENSITY, 0))
    plain = arena.judge_other("persistence")
    assert plain.dates[0].startswith("2002-01")
    assert set(plain.losses) == {"mape", "nlpd"}
    found = arena.judge("tanh", 4, DENSITY, FAIR)
    assert found.dates == plain.dates
    assert np.isfinite(found.losses["mape"]).all()


def test_densities_are_tuned_without_the_year_that_judges() -> None:
    whole = series()
    state = whole.state.copy()
    state[whole.times >= np.datetime64("2002-01-01")] += 5.0
    losses = [
        DensityArena(one, QUICK).tuning_loss("tanh", 4, DENSITY, 0)
        for one in (whole, replace(whole, state=state))
    ]
    assert losses[0] == losses[1]


def test_as_many_networks_are_shared_out() -> None:
    shipped = tiny_config(cells=("lstm", "gru"))
    four = replace(shipped, members=2)
    assert shared_out(four, "shipped") == (("lstm", "gru"), 2)
    assert shared_out(four, "shipped-tanh") == (("tanh",), 4)
    with pytest.raises(ConfigError, match="share out 4 networks evenly, got 3 kinds"):
        shared_out(four, "shipped-tanh+gru+lstm")
