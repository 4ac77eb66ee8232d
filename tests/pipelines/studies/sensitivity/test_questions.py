"""What the questions ask is the forecast that is served, and their slopes are its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.diagnostics.sensitivity import sensitivity
from models.emulators import catalogue
from models.emulators.emulator import Points
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.errors import ConfigError, DataError, ModelError
from pipelines.studies.sensitivity.density import density_inputs
from pipelines.studies.sensitivity.density_layout import STATE
from pipelines.studies.sensitivity.fund import FundCase, network_inputs, own_returns
from tests.models.emulators import worlds
from tests.models.fund_sharpe.made import forecaster
from tests.pipelines.studies.sensitivity.cases import FIRST, density_case, fund_case, panel


def test_both_questions_about_a_fund_begin_at_the_forecast_that_is_served() -> None:
    served = forecaster().forecast(panel().excess, panel().periods[-1]).forecast.mean[3]
    for question in (own_returns(fund_case()), network_inputs(fund_case())):
        base = question.answer(question.inputs.value[None])[0]
        np.testing.assert_allclose(base, served, rtol=1e-6)
        assert question.leads == forecaster().leads


def test_a_moved_return_is_a_forecast_of_the_panel_with_that_return() -> None:
    question = own_returns(fund_case())
    found = sensitivity(question)
    place = len(panel().periods) - 4
    changed = panel().excess.copy()
    changed[3, place] += question.inputs.spread[place]
    served = forecaster().forecast(changed, panel().periods[-1]).forecast.mean[3]
    np.testing.assert_allclose(found.single[:, place, 1], served - found.base, atol=1e-6)
    assert question.inputs.step[place] == panel().periods[place]
    assert question.inputs.group[-1] == "returns 1 to 12 back"
    assert question.inputs.group[0] == "earlier returns"


def test_missing_months_are_not_moved() -> None:
    holes = panel()
    returns = holes.returns.copy()
    returns[3, :40] = np.nan
    case = FundCase.of(forecaster(), replace(holes, returns=returns), "fund 3")
    inputs = own_returns(case).inputs
    assert (inputs.spread[:40] == 0).all()
    assert (inputs.spread[40:] > 0).all()
    # Steps before the panel's first month have no label.
    short = replace(case, periods=case.periods[-5:], excess=case.excess)
    steps = network_inputs(short).inputs.step[: forecaster().model.config.lookback]
    assert steps[-6:] == ("", *case.periods[-5:])


def test_slopes_of_what_the_networks_read_agree_with_re_forecasts() -> None:
    question = network_inputs(fund_case())
    found = sensitivity(question)
    assert found.checked is not None
    assert found.checked < 1e-3
    # Observed in every month of training, and a bill that does not vary: nothing to see.
    assert set(found.idle) == {"observed", "bill"}
    again = sensitivity(replace(question, slope=None))
    largest = np.abs(found.slope).max()
    np.testing.assert_allclose(found.slope, again.slope, atol=1e-3 * largest)


def test_funds_that_are_not_there_or_cannot_be_forecast_are_named() -> None:
    with pytest.raises(ConfigError, match="--fund: no fund called 'x'; there are 14, such as"):
        FundCase.of(forecaster(), panel(), "x")
    with pytest.raises(ConfigError, match="12 periods a year, the data of 4"):
        FundCase.of(forecaster(), replace(panel(), periods_per_year=4))
    with pytest.raises(DataError, match="fund 0 at 2005-08: expected at least"):
        FundCase.of(forecaster(), panel().until(8))
    assert FundCase.of(forecaster(), panel()).fund == "fund 0"


@pytest.mark.parametrize("known", [True, False])
def test_density_begins_at_the_forecast_that_is_served(known: bool) -> None:
    case = density_case(known)
    question = density_inputs(case)
    hours = [FIRST + np.timedelta64(lead, "h") for lead in case.leads]
    points = Points(
        np.array(hours).astype("datetime64[s]"),
        *(np.full(3, value) for value in (10.0, 20.0, 300.0)),
    )
    stored = case.emulator
    last = FIRST + np.timedelta64(case.hours - 1, "h")
    served = stored.density(stored.path(case.drivers, FIRST, last, case.past), points).mean
    base = question.answer(question.inputs.value[None])[0]
    np.testing.assert_allclose(base, served, atol=1e-5)
    assert any(name.startswith(STATE) for name in question.inputs.groups) == known


@pytest.mark.parametrize("known", [True, False])
def test_slopes_of_density_agree_with_re_forecasts_and_unread_drivers_have_none(
    known: bool,
) -> None:
    found = sensitivity(density_inputs(density_case(known)))
    assert found.checked is not None
    assert found.checked < 0.02
    # The set `full` reads none of these.
    for name in ("kp", "f107", "f107_adjusted", "f107_trailing"):
        names = (f"{name} ahead", f"{name} before")
        assert set(names) <= set(found.idle)
        assert (found.slope[:, found.inputs.members(names)] == 0).all()
    assert "f107_mean ahead" not in found.idle


def test_drivers_after_a_lead_do_not_move_it() -> None:
    found = sensitivity(density_inputs(density_case()))
    ahead = np.array([name.endswith("ahead") for name in found.inputs.group])
    steps = np.array(found.inputs.step)
    later = ahead & (steps > str(FIRST + np.timedelta64(11, "h")))
    assert later.any()
    assert (found.single[1, later] == 0).all()
    assert (found.single[2, later] != 0).any()


def test_models_that_are_no_networks_are_asked_by_differences() -> None:
    case = density_case()
    train, valid = worlds.split(worlds.rollouts())
    linear = RolloutEnsemble([("dmdc", catalogue.build("dmdc"))]).fit(train, valid)
    other = replace(case, emulator=replace(case.emulator, ensemble=linear))
    found = sensitivity(density_inputs(other))
    assert found.checked is None
    assert (found.slope != 0).any()


def test_hours_that_a_rollout_has_not_and_places_outside_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"leads: expected hours from 0 to 23.*got \[24\]"):
        replace(density_case(), leads=(24,))
    with pytest.raises(ModelError, match="height 900 km of point 0"):
        density_inputs(replace(density_case(), height=900.0))
