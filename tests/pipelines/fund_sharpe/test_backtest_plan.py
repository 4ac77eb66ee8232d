"""A plan says which origins, funds and sample a back-test has, before anything is fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.errors import ConfigError, DataError
from models.fund_sharpe import FundSharpeConfig
from pipelines.config import load_config
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.backtest_plan import BacktestSettings, make_plan, quick
from tests.pipelines.fund_sharpe.runs import small_plan, small_settings
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config

#: 12 funds over 150 months: 36 of history end at time 35, 24 of warm-up at 59, the first
#: outcome 6 later is followed by 24 months to train on.
FIRST, LAST = 59 + 6 + 24, 149 - 6


def test_origins_are_the_newest_that_have_an_outcome() -> None:
    plan = small_plan(origins=4, step=3)
    assert plan.origins == (LAST - 9, LAST - 6, LAST - 3, LAST)


def test_no_origin_has_too_little_before_it() -> None:
    origins = small_plan(origins=1000, step=1).origins
    assert origins == tuple(range(FIRST, LAST + 1))


def test_a_longer_warm_up_moves_the_first_origin() -> None:
    plan = make_plan(panel(), tiny_config(warm_up=34), small_settings(origins=1000, step=1))
    assert plan.origins[0] == FIRST + 10


def test_blocks_share_a_fit_and_leave_no_origin_out() -> None:
    plan = small_plan(origins=5, refit_every=2)
    assert [len(block) for block in plan.blocks] == [2, 2, 1]
    assert tuple(origin for block in plan.blocks for origin in block) == plan.origins


def test_the_sample_is_drawn_from_funds_alive_at_the_middle_origin() -> None:
    data = panel()
    returns = data.returns.copy()
    returns[:4, 120:] = np.nan
    plan = small_plan(replace(data, returns=returns), sample=100)
    assert plan.sample == tuple(range(4, 12))
    assert len(small_plan(sample=3).sample) == 3
    assert small_plan(sample=3).sample != small_plan(sample=3, seed=2).sample
    assert small_plan(sample=0).sample == ()


def test_funds_beyond_the_most_are_left_out_at_random_but_in_order() -> None:
    data = panel(funds=30)
    plan = small_plan(data, max_funds=14)
    assert len(plan.panel.ids) == 14
    assert list(plan.panel.ids) == sorted(plan.panel.ids)
    assert plan.panel.ids == small_plan(data, max_funds=14).panel.ids
    assert plan.panel.ids != small_plan(data, max_funds=14, seed=1).panel.ids
    assert len(small_plan(data, max_funds=30).panel.ids) == 30


@pytest.mark.parametrize("data", [panel(months=FIRST + 6), panel(funds=9), panel(months=20)])
def test_too_short_a_panel_says_what_it_takes(data: ReturnsPanel) -> None:
    with pytest.raises(DataError, match="no forecast origin") as caught:
        small_plan(data)
    text = str(caught.value)
    assert f"{len(data.ids)} funds over {len(data.periods)} periods" in text
    assert "at least 10 funds alive together with 36 periods of history, then 48 more" in text
    assert "\n" not in text


def test_one_more_month_is_enough() -> None:
    assert small_plan(panel(months=FIRST + 7)).origins == (FIRST,)


def test_quick_is_smaller_and_never_larger() -> None:
    shipped = load_config(BacktestSettings, "backtest")
    settings, config = quick(shipped, load_dataclass(FundSharpeConfig, "fund_sharpe"))
    assert (settings.origins, settings.max_funds, settings.sample) == (16, 250, 6)
    assert "auto_arima" not in settings.statistical
    assert config.members == 3
    tiny, own = quick(small_settings(origins=3, max_funds=20), tiny_config())
    assert (tiny.origins, tiny.max_funds, tiny.sample, own.members) == (3, 20, 2, 1)


def test_the_fingerprint_tells_data_and_settings_apart_but_not_workers() -> None:
    mine = small_plan().fingerprint()
    assert small_plan(workers=2).fingerprint() == mine
    assert small_plan(seed=1).fingerprint() != mine
    assert small_plan(step=4).fingerprint() != mine
    assert small_plan(replace(panel(), data_hash="other")).fingerprint() != mine
    config = tiny_config(shrinkage=0.3)
    assert make_plan(panel(), config, small_settings()).fingerprint() != mine


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="origin: unknown key"):
        load_config(BacktestSettings, "backtest", ["origin=3"])
