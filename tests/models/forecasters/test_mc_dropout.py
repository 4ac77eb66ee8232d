"""MC dropout: one thinned network for all rows, repeatable, and the mixture of its passes."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES, make_backbone
from models.backbones.options import BackboneOptions
from models.contract import LEVELS, Forecast, Windows
from models.emulators import catalogue
from models.errors import ConfigError, ModelError
from models.forecasters.batches import BatchSource
from models.forecasters.many_networks import SharedInputs
from models.forecasters.mc_dropout import Thinning, mixture_moments, thinned_passes, with_dropout_on
from models.forecasters.network import NetworkForecaster
from models.forecasters.point_errors import LEAST_NOISE, error_quantiles, noise_share
from models.forecasters.settings import NetworkConfig, RolloutNetworkConfig, TrainingConfig
from models.heads.gaussian import positive
from models.rollouts import RolloutForecast, Rollouts
from tests.models.emulators.worlds import QUICK, rollouts
from tests.models.emulators.worlds import split as split_rollouts
from tests.models.forecasters.signals import ar_windows, split

HEADS_AND_CELLS = [
    ("point", "gru"),
    ("gaussian", "lstm"),
    ("quantile", "lstm"),
    ("student_t", "gru"),
]


class Normed(nn.Module):
    """Dropout beside a normalisation whose training mode would change what it gives."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.dropout = nn.Dropout(0.5)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.dropout(self.norm(values))
        return out


def values(rows: int = 6) -> torch.Tensor:
    return torch.randn(rows, 4, generator=torch.Generator().manual_seed(0)) + 3.0


def passes_of(network: nn.Module, given: torch.Tensor, seed: int = 0) -> torch.Tensor:
    with torch.no_grad():
        return torch.stack(list(thinned_passes(network, lambda one: one(given), 4, seed)))


def fitted(head: str = "gaussian", cell: str = "lstm", **network: object) -> NetworkForecaster:
    train, valid = split(ar_windows(noise=0.3), 90)
    given = {
        "head": head,
        "cell": cell,
        "dropout": 0.3,
        "mc_passes": 20,
        "hidden_size": 8,
        **network,
    }
    config = NetworkConfig(**given)  # type: ignore[arg-type]
    return NetworkForecaster(config, TrainingConfig(epochs=3, seed=5)).fit(train, valid)


def later() -> Windows:
    windows = ar_windows(noise=0.3)
    return windows.select(windows.origin >= 100)


def test_only_dropout_is_on_and_the_network_itself_stays_as_it_was() -> None:
    network = Normed().eval()
    twin = with_dropout_on(network)
    assert twin.dropout.training
    assert not twin.norm.training
    assert not any(part.training for part in network.modules())
    assert twin.norm.weight is network.norm.weight
    before = network.norm.running_mean.clone()  # type: ignore[operator,union-attr]
    passes_of(network, values())
    assert torch.equal(network.norm.running_mean, before)  # type: ignore[arg-type]
    assert not any(part.training for part in network.modules())


def test_a_network_in_training_stays_in_training() -> None:
    network = Normed().train()
    passes_of(network, values())
    assert all(part.training for part in network.modules())


def test_a_pass_leaves_the_same_units_out_of_every_row_and_passes_differ() -> None:
    gone = passes_of(Normed().eval(), values()) == 0
    assert (gone == gone[:, :1]).all()
    assert not torch.equal(gone[0], gone[1])


def test_a_seed_gives_the_same_passes_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = passes_of(Normed().eval(), values())
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(passes_of(Normed().eval(), values()), first)
    assert not torch.equal(passes_of(Normed().eval(), values(), seed=1), first)


def test_what_is_kept_is_scaled_up_and_dropout_that_is_off_does_nothing() -> None:
    ones = torch.ones(2, 4000)
    with Thinning(0, 0) as thinning:
        kept = nn.functional.dropout(ones, 0.25, True)
        assert torch.equal(nn.functional.dropout(ones, 0.25, False), ones)
    assert thinning.masks == 1
    assert kept.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert kept[0].mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("rows", [3, 200])
def test_every_backbone_is_thinned_alike_in_every_row(name: str, rows: int) -> None:
    torch.manual_seed(0)
    network = make_backbone(name, Shape(3, 8, layers=2, dropout=0.4, steps=6)).eval()
    past = torch.randn(1, 6, 3).expand(rows, -1, -1)
    passes = passes_of(network, past)
    torch.testing.assert_close(passes, passes[:, :1].expand_as(passes))
    assert (passes[0] - passes[1]).abs().max() > 1e-3


@pytest.mark.parametrize(("head", "cell"), HEADS_AND_CELLS)
def test_forecasts_are_repeatable_and_rows_do_not_depend_on_each_other(
    head: str, cell: str
) -> None:
    model = fitted(head, cell)
    forecast, again = model.predict(later()), model.predict(later())
    np.testing.assert_array_equal(forecast.quantiles, again.quantiles)
    alone = model.predict(later().select(np.array([7])))
    np.testing.assert_allclose(alone.mean[0], forecast.mean[7], atol=1e-6)
    np.testing.assert_allclose(alone.quantiles[0], forecast.quantiles[7], atol=1e-6)
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()
    assert all(not part.training for part in model.network_and_scaling()[0].modules())


def test_a_forecast_is_the_mixture_of_its_passes() -> None:
    model = fitted("gaussian")
    network, scaling = model.network_and_scaling()
    batch = next(BatchSource(later(), scaling).in_order(1000))
    with torch.no_grad():
        passes = list(thinned_passes(network, lambda one: one(batch), 20, 5))
    means = np.stack([params[..., 0].numpy() for params in passes])
    forecast: Forecast = model.predict(later())
    np.testing.assert_allclose(forecast.mean, means.mean(axis=0), atol=1e-6)
    scales = np.stack([positive(params[..., 1]).numpy() for params in passes])
    for level in (0.1, 0.5, 0.9):
        at = forecast.quantiles[..., LEVELS.index(level)]
        share = stats.norm.cdf((at - means) / scales).mean(axis=0)
        np.testing.assert_allclose(share, level, atol=0.01)


def test_the_mean_of_ensembles_is_the_mean_of_the_forecast() -> None:
    model = fitted("point", "gru")
    mean = model.standardised_mean(SharedInputs.of(later()))
    np.testing.assert_allclose(mean, model.predict(later()).mean, atol=1e-6)


def test_passes_without_a_spread_are_the_whole_network_and_a_stored_model_keeps_its_passes() -> (
    None
):
    model = fitted("gaussian", "gru")
    restored = NetworkForecaster.from_state(model.state())
    assert restored.network.mc_passes == 20
    expected = model.predict(later()).quantiles
    np.testing.assert_array_equal(restored.predict(later()).quantiles, expected)
    whole = replace(model.network, mc_passes=0)
    state = model.state()
    state = replace(state, config={**state.config, "network": asdict(whole)})
    plain = NetworkForecaster.from_state(state).predict(later())
    assert np.abs(plain.mean - model.predict(later()).mean).max() < 0.3
    assert not np.allclose(plain.quantiles, expected, atol=1e-4)


def test_only_noise_is_put_around_a_pass_of_a_point_forecast() -> None:
    errors = np.array([[3.0, np.nan], [-3.0, 1.0]])
    share = noise_share(errors, np.array([[4.0, 9.0], [4.0, 0.0]]))
    np.testing.assert_allclose(share, [np.sqrt(1 - 4 / 9), 1.0])
    assert noise_share(errors, np.full((2, 2), 99.0)).tolist() == [LEAST_NOISE] * 2
    assert noise_share(np.full((2, 1), np.nan), np.ones((2, 1))).tolist() == [1.0]


def test_errors_are_of_the_first_rows_that_have_enough_of_them() -> None:
    rows = ar_windows()
    few, none = rows.select(np.arange(5)), rows.select(np.arange(0))

    def zero(windows: Windows) -> np.ndarray:
        return np.zeros((1, *windows.target.shape), dtype=np.float32)

    wanted = np.nanquantile(rows.target, LEVELS, axis=0).T
    np.testing.assert_allclose(error_quantiles(zero, (few, rows)), wanted)
    assert (error_quantiles(zero, (few, none)) == 0).all()


def test_of_very_many_rows_errors_are_taken_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.forecasters.point_errors.ERROR_ROWS", 100)
    asked: list[int] = []

    def zero(windows: Windows) -> np.ndarray:
        asked.append(len(windows))
        return np.zeros((1, *windows.target.shape), dtype=np.float32)

    error_quantiles(zero, (ar_windows(),))
    assert asked == [100]


def test_intervals_of_a_point_forecast_cover_as_they_say() -> None:
    train, valid = split(ar_windows(series=30, noise=0.3), 90)
    config = NetworkConfig(dropout=0.3, mc_passes=30, hidden_size=8)
    model = NetworkForecaster(config, TrainingConfig(epochs=10, learning_rate=1e-2))
    low, high = model.fit(train, train).predict(valid).interval(0.8)
    known = np.isfinite(valid.target)
    inside = (valid.target >= low) & (valid.target <= high)
    assert inside[known].mean() == pytest.approx(0.8, abs=0.06)


def mc_rollouts(**network: object) -> tuple[RolloutForecast, RolloutForecast, Rollouts]:
    """Forecasts of one set of weights: mixed, and whole."""
    train, valid = split_rollouts(rollouts())
    given = {"dropout": 0.3, "mc_passes": 12, "layers": 2, **network}
    config = replace(QUICK, network=replace(QUICK.network, **given))
    model = catalogue.build("lstm", config).fit(train, valid)
    mixed = model.predict(valid)
    stored = model.state()
    plain = {**stored.config, "network": {**stored.config["network"], "mc_passes": 0}}
    whole = catalogue.restore(replace(stored, config=plain)).predict(valid)
    again = catalogue.restore(stored).predict(valid)
    np.testing.assert_array_equal(mixed.covariance, again.covariance)
    return mixed, whole, valid


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_rollouts_are_mixed_by_the_law_of_total_variance(covariance: str) -> None:
    mixed, whole, _ = mc_rollouts(covariance=covariance)
    assert np.isfinite(mixed.mean).all()
    assert np.linalg.eigvalsh(mixed.covariance).min() > -1e-5
    assert mixed.std.mean() > whole.std.mean()
    assert not np.allclose(mixed.mean, whole.mean, atol=1e-4)


def test_one_layer_of_rollouts_is_thinned_by_variational_dropout() -> None:
    mixed, whole, _ = mc_rollouts(layers=1, options=BackboneOptions(variational=True))
    assert not np.allclose(mixed.mean, whole.mean, atol=1e-4)


def test_moments_of_a_mixture_are_those_of_its_samples() -> None:
    random = np.random.default_rng(0)
    means = random.normal(size=(5, 2))
    factors = random.normal(size=(5, 2, 2))
    covariances = factors @ factors.swapaxes(1, 2)
    passes = zip(torch.from_numpy(means), torch.from_numpy(covariances), strict=True)
    mean, covariance = mixture_moments(passes)
    np.testing.assert_allclose(mean, means.mean(axis=0))
    expected = covariances.mean(axis=0) + np.cov(means.T, bias=True)
    np.testing.assert_allclose(covariance, expected)


def test_passes_that_could_not_differ_are_refused_before_the_training() -> None:
    train, valid = split_rollouts(rollouts())
    network = replace(QUICK.network, dropout=0.3, mc_passes=5)
    with pytest.raises(ModelError, match="no dropout acts in this network"):
        catalogue.build("lstm", replace(QUICK, network=network)).fit(train, valid)
    with pytest.raises(ConfigError, match=r"network\.mc_passes: 5 passes without dropout"):
        NetworkConfig(dropout=0.0, mc_passes=5)
    with pytest.raises(ConfigError, match=r"network\.mc_passes: expected 0 or more, got -1"):
        RolloutNetworkConfig(dropout=0.2, mc_passes=-1)


def test_rollouts_that_were_stored_before_there_were_passes_still_load() -> None:
    train, valid = split_rollouts(rollouts())
    model = catalogue.build("gru", QUICK).fit(train, valid)
    state = model.state()
    network = dict(state.config["network"])
    for name in ("mc_passes", "readout", "soft_trees"):
        del network[name]
    old = catalogue.restore(replace(state, config={**state.config, "network": network}))
    np.testing.assert_array_equal(old.predict(valid).mean, model.predict(valid).mean)


def test_the_memoryless_map_has_no_dropout_and_stays_as_it_is() -> None:
    train, valid = split_rollouts(rollouts())
    network = replace(QUICK.network, dropout=0.3, mc_passes=5, layers=2)
    model = catalogue.build("memoryless", replace(QUICK, network=network)).fit(train, valid)
    assert np.isfinite(model.predict(valid).mean).all()
