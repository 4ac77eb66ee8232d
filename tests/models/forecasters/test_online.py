"""Going on to learn after the fit: which rows move a network, how far, and what is stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.catalogue import build
from models.contract import Windows
from models.errors import ConfigError, ModelError, NotFittedError
from models.forecasters.network import NetworkForecaster
from models.forecasters.online import OnlineConfig
from models.forecasters.settings import NetworkConfig, RecurrentConfig, TrainingConfig
from models.forecasters.soft_trees import SoftTreesOptions
from tests.models.forecasters.signals import ar_windows, split


def fitted(online: OnlineConfig | None = None, **network: object) -> NetworkForecaster:
    train, valid = split(ar_windows(), 80)
    config = NetworkConfig(hidden_size=4, **network)  # type: ignore[arg-type]
    return NetworkForecaster(config, TrainingConfig(epochs=1), online).fit(train, valid)


def new_rows() -> Windows:
    windows = ar_windows()
    return windows.select(windows.origin == 90)


def loss(model: NetworkForecaster, rows: Windows) -> float:
    return float(np.nanmean((model.predict(rows).mean - rows.target) ** 2))


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("readout", ["dense", "soft_gbdt"])
def test_a_step_on_new_outcomes_lowers_their_loss(optimiser: str, readout: str) -> None:
    online = OnlineConfig(learning_rate=0.05, steps=5, optimiser=optimiser)  # type: ignore[arg-type]
    model = fitted(
        online, readout=readout, dropout=0.0, soft_trees=SoftTreesOptions(2, 1), zero_output=False
    )
    before = loss(model, new_rows())
    assert loss(model.update(new_rows()), new_rows()) < before


def test_backbone_and_readout_move_together() -> None:
    model = fitted(OnlineConfig(learning_rate=0.1), zero_output=False)
    network, _ = model.network_and_scaling()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    model.update(new_rows())
    moved = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert any(name.startswith("backbone.") for name in moved)
    assert any(name.startswith("output.") for name in moved)
    assert not any(part.training for part in network.modules())


def test_rows_without_an_outcome_teach_nothing() -> None:
    model, rows = fitted(), new_rows()
    before = model.predict(rows).mean
    model.update(replace(rows, target=np.full_like(rows.target, np.nan)))
    np.testing.assert_array_equal(model.predict(rows).mean, before)


def test_a_lead_whose_outcome_is_not_known_yet_neither_moves_nor_breaks_the_network() -> None:
    rows = new_rows()
    target = rows.target.copy()
    target[:, 1] = np.nan
    # A linear readout at zero: what is not known has no gradient, so its outputs stay.
    model = fitted(OnlineConfig(learning_rate=0.1), head_size=0, dropout=0.0)
    weights = model.network_and_scaling()[0].output.get_parameter("weight")
    before = weights.detach().clone()
    model.update(replace(rows, target=target))
    assert not torch.equal(weights[0], before[0])
    assert torch.equal(weights[1], before[1])


def test_the_same_updates_give_the_same_bits_and_the_global_generator_is_left_alone() -> None:
    forecasts = []
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    for _ in range(2):
        model = fitted(OnlineConfig(steps=3))
        forecasts.append(model.update(new_rows()).update(new_rows()).predict(new_rows()).quantiles)
    np.testing.assert_array_equal(*forecasts)
    assert torch.equal(torch.rand(2), expected)


def test_an_updated_network_is_stored_as_it_is_with_how_it_learns() -> None:
    model = fitted(OnlineConfig(learning_rate=0.02, steps=2)).update(new_rows())
    restored = NetworkForecaster.from_state(model.state())
    assert restored.online == OnlineConfig(learning_rate=0.02, steps=2)
    rows = new_rows()
    np.testing.assert_array_equal(restored.predict(rows).mean, model.predict(rows).mean)
    moved = restored.update(rows).predict(rows).mean
    assert not np.array_equal(moved, model.predict(rows).mean)


def test_what_was_stored_before_there_was_online_learning_still_loads() -> None:
    state = fitted().state()
    network = dict(state.config["network"])
    for name in ("mc_passes", "readout", "soft_trees"):
        del network[name]
    old = {**state.config, "network": network}
    del old["online"]
    restored = NetworkForecaster.from_state(replace(state, config=old))
    assert restored.online == OnlineConfig()
    assert restored.network == NetworkConfig(hidden_size=4)


def test_a_new_fit_forgets_the_optimiser() -> None:
    train, valid = split(ar_windows(), 80)
    rows = new_rows()
    model = fitted(OnlineConfig(optimiser="adam", learning_rate=0.1))
    first = model.update(rows).predict(rows).mean
    again = model.fit(train, valid).update(rows).predict(rows).mean
    np.testing.assert_array_equal(first, again)


def test_the_catalogue_hands_the_settings_on() -> None:
    config = RecurrentConfig(online=OnlineConfig(steps=4))
    assert build("gru", config).online.steps == 4  # type: ignore[attr-defined]


def test_wrong_use_is_refused_in_one_line() -> None:
    with pytest.raises(NotFittedError, match="call fit before"):
        NetworkForecaster().update(new_rows())
    with pytest.raises(ModelError, match=r"Windows\.lookback: the network was trained on 6, got 5"):
        fitted().update(replace(new_rows(), lookback=5))
    wild = replace(new_rows(), target=np.full((8, 2), 1e30))
    with pytest.raises(ModelError, match=r"online step 1: the loss is inf; lower online\.learn"):
        fitted().update(wild)
    for wrong, words in (
        ({"learning_rate": 0.0}, r"online\.learning_rate: expected above 0"),
        ({"steps": 0}, r"online\.steps: expected 1 or more"),
        ({"optimiser": "lbfgs"}, r"online\.optimiser: expected sgd or adam, got 'lbfgs'"),
        ({"gradient_clip": 0.0}, r"online\.gradient_clip: expected above 0 or null, got 0\.0"),
    ):
        with pytest.raises(ConfigError, match=words):
            OnlineConfig(**wrong)  # type: ignore[arg-type]


def test_without_a_limit_a_gradient_goes_as_far_as_it_is() -> None:
    rows = new_rows()
    far = replace(rows, target=rows.target + 100.0)
    kept = fitted(OnlineConfig(learning_rate=1e-2)).update(far).predict(rows).mean
    free = fitted(OnlineConfig(learning_rate=1e-2, gradient_clip=None)).update(far)
    moved = np.abs(free.predict(rows).mean - fitted().predict(rows).mean)
    assert (moved > np.abs(kept - fitted().predict(rows).mean)).all()
