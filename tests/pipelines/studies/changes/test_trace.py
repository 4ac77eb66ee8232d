"""Gates of stored models over real windows: which steps, which networks, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.errors import ConfigError, DataError
from models.forecasters.batches import BatchSource
from models.transforms.fund_windows import network_windows
from pipelines.datasets.panel import ReturnsPanel
from pipelines.studies.changes.figure import changes_figure, sentences
from pipelines.studies.changes.trace import density_changes, fund_changes
from tests.models.emulators import worlds
from tests.models.fund_sharpe.made import FUNDS, TIMES, forecaster, label, make_case
from tests.pipelines.studies.changes.gated import gated_emulator, gated_funds


def panel() -> ReturnsPanel:
    case = make_case(ragged=False)
    ids = tuple(f"fund {row}" for row in range(FUNDS))
    periods = tuple(label(time) for time in range(TIMES))
    return ReturnsPanel(ids, periods, case.excess + case.bill, case.bill, 12)


def test_the_trace_of_a_fund_is_that_of_its_newest_window() -> None:
    stored, data = gated_funds(), panel()
    found = fund_changes(stored, data)
    lookback = stored.model.config.lookback
    assert list(found.networks) == ["gatelord 0"]  # and not the gru's
    assert found.steps == data.periods[-lookback:]
    assert found.rows == data.ids
    features = stored.model.features(data.excess, data.risk_free)
    row, newest = np.array([5]), np.array([TIMES - 1])
    windows = network_windows(features, row, newest, TIMES - 1, lookback)
    module, scaling = stored.model.fitted.members["gatelord"][0].network_and_scaling()
    past = BatchSource(windows, scaling).batch(torch.arange(1)).past
    expected = module.backbone.cells[0].gates(past).detach().numpy()
    np.testing.assert_allclose(found.networks["gatelord 0"].opening[5], expected[0], atol=1e-6)
    size = np.abs(data.excess[:, -1]).mean()
    assert found.beside[-1] == pytest.approx(size)


def test_the_table_has_a_line_for_every_fund_and_month() -> None:
    found = fund_changes(gated_funds(), panel())
    table = found.table()
    assert {len(column) for column in table.values()} == {FUNDS * len(found.steps)}
    assert table["series"][: len(found.steps)] == ["fund 0"] * len(found.steps)
    trace = found.networks["gatelord 0"]
    changed = np.array(table["networks_changed"]).reshape(trace.changed.shape)
    assert (changed == trace.changed).all()
    assert len(sentences(found)) == 1
    assert "the mean of 14 series" in sentences(found)[0]
    labels = [axis.get_ylabel() for axis in changes_figure(found).axes]
    assert labels == ["share of gates open", "mean size of excess returns"]


def test_the_trace_of_hours_has_those_that_were_read_before_and_kp_beside() -> None:
    stored, weather = gated_emulator()
    first = worlds.START + np.timedelta64(100, "h")
    found = density_changes(stored, weather, first, first + np.timedelta64(9, "h"))
    assert len(found.steps) == worlds.LOOKBACK + 10
    assert found.steps[worlds.LOOKBACK] == "2001-01-05T04"
    assert [name.split()[0] for name in found.networks] == ["gatelord_0"]
    np.testing.assert_array_equal(found.beside, weather.column("kp")[100 - worlds.LOOKBACK : 110])
    longer = density_changes(stored, weather, first, first + np.timedelta64(19, "h"))
    (short,), (long,) = found.networks.values(), longer.networks.values()
    np.testing.assert_allclose(short.opening, long.opening[:, :-10], atol=1e-6)


def test_models_without_such_gates_and_other_periods_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"train one with network\.cell=gatelord"):
        fund_changes(forecaster(), panel())
    stored, weather = worlds.tiny_emulator()
    first = worlds.START + np.timedelta64(100, "h")
    with pytest.raises(ConfigError, match=r"train one with network\.cell=gatelord"):
        density_changes(stored, weather, first, first)
    with pytest.raises(ConfigError, match="12 periods a year, the data of 4"):
        fund_changes(gated_funds(), replace(panel(), periods_per_year=4))
    with pytest.raises(DataError, match="periods of history at 2005-08, the newest"):
        fund_changes(gated_funds(), panel().until(8))


@pytest.mark.parametrize("hours", [0, worlds.HORIZON + 1])
def test_more_hours_than_a_rollout_has_are_refused(hours: int) -> None:
    stored, weather = gated_emulator()
    first = worlds.START + np.timedelta64(100, "h")
    with pytest.raises(ConfigError, match=f"expected 1 to {worlds.HORIZON} hours.*got {hours}"):
        density_changes(stored, weather, first, first + np.timedelta64(hours - 1, "h"))
