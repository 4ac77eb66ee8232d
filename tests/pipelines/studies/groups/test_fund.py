"""Funds that are left out: nothing of them is in what their forecasts are made with."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigError, DataError
from models.fund_sharpe import FundSharpeModel
from pipelines.datasets.panel import ReturnsPanel
from pipelines.studies.groups import fund
from pipelines.studies.groups.fund import FundGroups, errors_after, study_fund_groups
from pipelines.studies.groups.fund_simple import training_windows
from pipelines.studies.groups.study import UNSEEN, USUAL, GroupStudy, to_json
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config

CONFIG = tiny_config(cells=("gru",))


def data() -> ReturnsPanel:
    made = panel(24)
    return replace(made, groups=tuple(f"manager {i // 2}" for i in range(24)))


def case(given: ReturnsPanel | None = None) -> FundGroups:
    return FundGroups.of(given or data(), CONFIG, 2)


@cache
def studied(folder: str) -> GroupStudy:
    return study_fund_groups(case(), Path(folder))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[GroupStudy, Path]:
    folder = tmp_path_factory.mktemp("groups")
    return studied(str(folder)), folder


def test_managers_are_left_out_whole_and_every_fund_once() -> None:
    groups = case()
    out = [groups.held_out(fold) for fold in range(2)]
    assert sorted(np.concatenate(out).tolist()) == list(range(24))
    for fold in out:
        managers = {groups.panel.groups[i] for i in fold}  # type: ignore[index]
        assert len(managers) == 6
        assert len(fold) == 12


def test_forecasts_of_a_fund_left_out_do_not_hang_on_the_others_left_out() -> None:
    groups = case()
    training, out = groups.held_out(0), groups.held_out(1)
    cutoff, end = 90, 100
    before = errors_after(groups, training, out, cutoff, end)
    # Other returns of all funds that are left out but the first: not a bit of its errors moves,
    # so that none of them is in the training, the market or a mean over funds.
    returns = groups.panel.returns.copy()
    returns[out[1:]] = returns[out[1:]][:, ::-1] * 3.0
    changed = replace(groups, panel=replace(groups.panel, returns=returns))
    after = errors_after(changed, training, out, cutoff, end)
    for name in ("ensemble", "structural", "known_part_ridge", "pooled_ar"):
        assert np.isfinite(before[name][0]).any()
        np.testing.assert_array_equal(before[name][0], after[name][0])
        assert not np.array_equal(before[name][1], after[name][1], equal_nan=True)


def test_outcomes_after_the_cutoff_are_in_no_training() -> None:
    groups = case()
    training, out = groups.held_out(0), groups.held_out(1)
    returns = groups.panel.returns.copy()
    returns[:, 91:] = returns[:, 91:][:, ::-1]
    changed = replace(groups, panel=replace(groups.panel, returns=returns))
    forecasts = []
    for one in (groups, changed):
        model = FundSharpeModel(CONFIG)
        features = model.features(one.panel.excess[out], one.panel.risk_free)
        errors = errors_after(one, training, out, 90, 91)
        assert features.outcome.shape[0] == len(out)
        # error + outcome is the forecast, with the market of the training funds or without.
        forecasts.append({n: e[:, 0] + features.outcome[:, 90] for n, e in errors.items()})
    for name, first in forecasts[0].items():
        np.testing.assert_allclose(first, forecasts[1][name], atol=1e-9)


def test_both_ways_are_judged_on_the_same_rows_and_the_reference_is_one(
    kept: tuple[GroupStudy, Path],
) -> None:
    study, folder = kept
    assert set(study.losses) == {"ensemble", "structural", "known_part_ridge", "pooled_ar"}
    for ways in study.losses.values():
        assert {len(losses) for losses in ways.values()} == {len(study.dates)}
        assert all(np.isfinite(losses).all() for losses in ways.values())
    assert study.loss("structural", USUAL) == pytest.approx(1.0, abs=1e-12)
    assert study.loss("known_part_ridge", UNSEEN) != study.loss("known_part_ridge", USUAL)
    assert study.groups == 12
    parts = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("cutoff-*.json"))]
    assert sum(part["forecasts"] for part in parts) == study.rows


def test_coefficients_are_those_of_the_fitted_models(kept: tuple[GroupStudy, Path]) -> None:
    study, _ = kept
    config = case().config
    plain = study.coefficients["pooled_ar"]
    assert tuple(plain.rows) == tuple(lead.name for lead in config.leads)
    model = FundSharpeModel(config)
    features = model.features(data().excess, data().risk_free)
    lead = config.leads[0]
    leads = tuple(one for one in config.leads if one.length == lead.length)
    train = training_windows(features, leads, case().cutoffs[-1], config)
    place = leads.index(lead)
    known = np.isfinite(train.target[:, place])
    columns = [train.known_column(name)[known, place] for name in ("last", "lag")]
    design = np.stack([np.ones(known.sum()), *columns], axis=1)
    expected = np.linalg.lstsq(design, train.target[known, place], rcond=None)[0]
    np.testing.assert_allclose(plain.rows[lead.name], expected, rtol=1e-4, atol=1e-6)
    ridge = study.coefficients["known_part_ridge"]
    assert len(ridge.columns) == len(next(iter(ridge.rows.values()))) == 10
    assert to_json(study)["coefficients"]["pooled_ar"]["columns"] == ["constant", "last", "lag"]


def test_a_study_goes_on_where_it_was_and_refuses_another(
    kept: tuple[GroupStudy, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, folder = kept

    def never(*_given: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(fund, "errors_after", never)
    again = study_fund_groups(case(), folder)
    assert to_json(again) == to_json(study)
    other = FundGroups.of(data(), CONFIG, 3)
    with pytest.raises(ConfigError, match=r"holds a study with other settings \(folds\)"):
        study_fund_groups(other, folder)


def test_a_short_panel_is_refused_and_funds_without_groups_are_their_own() -> None:
    with pytest.raises(DataError, match="20 periods: too few to judge on"):
        _ = case(data().until(20)).cutoffs
    own = FundGroups.of(panel(24), CONFIG, 4)
    assert sum(len(fold) for fold in own.folds) == 24
