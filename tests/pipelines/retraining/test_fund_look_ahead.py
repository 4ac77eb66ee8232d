"""Neither side of a comparison sees an outcome: the future is changed, and bits are compared."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel, to_state
from pipelines.datasets.panel import ReturnsPanel
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.fits import fit_key
from pipelines.retraining.folder import RunFolder
from pipelines.retraining.fund_compare import forecasts_at, losses_and_scores
from pipelines.retraining.fund_cuts import make_blocks
from pipelines.retraining.fund_fits import FundFits
from pipelines.retraining.settings import FundComparison
from tests.pipelines.fund_sharpe.tiny import fitted
from tests.pipelines.retraining.worlds import fund_settings, small_config, small_panel

MONTHS = 200
HOW = fund_settings("comparison.origins=16", "comparison.refit_every=8").comparison


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def shaken(panel: ReturnsPanel, after: int) -> ReturnsPanel:
    """The same panel with other returns from the time index `after` on."""
    returns = panel.returns.copy()
    returns[:, after:] = returns[::-1, after:] * 3.0 - 0.05
    return replace(panel, returns=returns, data_hash="shaken")


def fits(panel: ReturnsPanel, champion: FundSharpeForecaster | None, run: str) -> FundFits:
    folder = RunFolder("fund-sharpe", run)
    return FundFits(panel, small_config(), champion, HOW, folder, Deadline())


def same(one: FundSharpeForecaster, other: FundSharpeForecaster) -> bool:
    """Whether two fits are the same to the bit."""
    states = to_state(one), to_state(other)

    def arrays(state: object) -> list[bytes]:
        found = [value.tobytes() for value in state.arrays.values()]  # type: ignore[attr-defined]
        for part in state.parts.values():  # type: ignore[attr-defined]
            found += arrays(part)
        return found

    return arrays(states[0]) == arrays(states[1])


def test_both_sides_of_a_block_are_fitted_on_nothing_after_its_cut() -> None:
    panel, champion = small_panel(MONTHS), fitted(small_panel(MONTHS), MONTHS - 6)
    block = fits(panel, champion, "a").blocks[0]
    other = shaken(panel, block.cut + 1)
    plain, changed = (fits(p, champion, r).sides(block) for p, r in ((panel, "a"), (other, "b")))
    assert block.stand_in == block.cut - 6
    assert all(same(plain[side], changed[side]) for side in plain)
    # And they would notice a change that they may see.
    seen = fits(shaken(panel, block.stand_in), champion, "c").sides(block)
    assert not any(same(plain[side], seen[side]) for side in plain)


def test_forecasts_at_an_origin_read_nothing_after_it() -> None:
    panel = small_panel(MONTHS)
    ours = fits(panel, fitted(panel, MONTHS - 6), "a")
    block = ours.blocks[-1]
    origin, sides = block.origins[2], ours.sides(block)
    tables = []
    for data in (panel, shaken(panel, origin + 1)):
        features = FundSharpeModel(small_config()).features(data.excess, data.risk_free)
        tables.append(forecasts_at(origin, sides, data, features, ours.leads))
    drop = ["y"]
    assert tables[0].drop(drop).equals(tables[1].drop(drop))
    assert not tables[0]["y"].equals(tables[1]["y"])


def test_stored_weights_take_part_only_where_their_training_ended_by_the_cut() -> None:
    panel, config = small_panel(MONTHS), small_config()
    early, late = (make_blocks(panel, config, config, at, HOW) for at in (150, 190))
    assert [block.cut for block in early] == [163, 179]
    assert [block.stand_in for block in early] == [None, None]
    # 190 is nine months before the newest: as stale are its stand-ins.
    assert [block.stand_in for block in late] == [163 - 9, 179 - 9]
    between = make_blocks(panel, config, config, 170, HOW)
    assert [block.stand_in for block in between] == [163 - 29, None]


def test_a_stored_champion_forecasts_as_it_is_served() -> None:
    panel = small_panel(MONTHS)
    champion = fitted(panel, 150)
    ours = fits(panel, champion, "a")
    assert ours.sides(ours.blocks[0])["champion"] is champion


def test_origins_are_the_newest_with_an_outcome() -> None:
    panel, config = small_panel(MONTHS), small_config()
    blocks = make_blocks(panel, config, config, None, HOW)
    origins = [origin for block in blocks for origin in block.origins]
    assert origins[-1] == MONTHS - 1 - min(config.horizons)
    assert np.diff(origins).tolist() == [HOW.step] * 15


def test_a_panel_without_enough_origins_is_refused() -> None:
    config, short = small_config(), small_panel(100)
    with pytest.raises(DataError, match="leave 3 origins for a comparison, expected at least 12"):
        make_blocks(short, config, config, None, HOW)


def test_a_fit_is_made_once_and_shared_by_equal_settings() -> None:
    panel = small_panel(MONTHS)
    # A champion of today's data with the same settings: its stand-ins are the challengers.
    champion = FundSharpeForecaster(fitted(panel, MONTHS).model, panel.periods[-1])
    champion.model.config = small_config()
    ours = fits(panel, champion, "a")
    for block in ours.blocks:
        sides = ours.sides(block)
        assert same(sides["champion"], sides["challenger"])
    made = sorted(path.name for path in (RunFolder("fund-sharpe", "a").path / "fits").iterdir())
    assert made == sorted(ours.keys)


def test_a_key_tells_settings_and_cuts_apart() -> None:
    plain = asdict(small_config())
    keys = {fit_key(plain, "2001-01"), fit_key(plain, "2001-02")}
    keys.add(fit_key(asdict(small_config(members=2)), "2001-01"))
    assert len(keys) == 3
    assert fit_key(plain, "2001-01") in keys


def test_losses_are_means_over_the_funds_of_a_date() -> None:
    panel = small_panel(MONTHS)
    ours = fits(panel, fitted(panel, 150), "a")
    block = ours.blocks[0]
    features = FundSharpeModel(small_config()).features(panel.excess, panel.risk_free)
    sides = ours.sides(block)
    table = pl.concat(
        [forecasts_at(origin, sides, panel, features, ours.leads) for origin in block.origins]
    )
    series, scores = losses_and_scores(table, "squared_error")
    part = table.filter(
        (pl.col("model") == "challenger")
        & (pl.col("target") == "rolling")
        & (pl.col("horizon") == 6)
        & (pl.col("origin") == panel.periods[block.origins[0]])
    )
    error = (part["y"] - part["mean"]).to_numpy()
    assert series[0].lead == "rolling_6"
    assert series[0].challenger[0] == pytest.approx(float(np.mean(error**2)))
    # Six months apart from one to the next origin but two: targets of six months overlap.
    assert series[0].lags == 2
    assert scores["challenger"]["rolling_6"]["dates"] == len(block.origins)


def test_settings_say_how_many_origins_are_too_few() -> None:
    panel, config = small_panel(MONTHS), small_config()
    many = FundComparison.model_validate({**HOW.model_dump(), "min_origins": 17})
    with pytest.raises(DataError, match="leave 16 origins"):
        make_blocks(panel, config, config, None, many)
