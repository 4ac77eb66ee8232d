"""Autoencoders: what they restore, what they do with gaps, and how they are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from models.contract import FloatArray
from models.errors import ConfigError, ModelError
from models.transforms.autoencoder_settings import AutoencoderConfig
from models.transforms.corruption import corrupted
from models.transforms.denoising_autoencoder import DenoisingAutoencoder
from models.transforms.principal_components import PrincipalComponents

QUICK = AutoencoderConfig(code=2, hidden=(16,), layer_epochs=2, epochs=5, seed=3)
EXTREMES = torch.tensor([-3.0, -5.0]), torch.tensor([3.0, 5.0])


def bent(rows: int = 1500, seed: int = 0) -> FloatArray:
    """Samples of four numbers on a bent surface of two, in units of their own."""
    draw = np.random.default_rng(seed)
    first, second = draw.normal(size=(2, rows))
    columns = [first, second, first**2 / 2, first * second / 2]
    return np.stack(columns, axis=1) * [1.0, 10.0, 0.1, 1.0] + [0.0, 100.0, 0.0, -5.0]


def error(found: FloatArray, wanted: FloatArray) -> float:
    return float(np.mean(((found - wanted) / bent().std(axis=0)) ** 2))


def test_masking_hides_a_share_and_says_which() -> None:
    torch.manual_seed(0)
    values = torch.randn(2000, 2) + 1
    damaged, hit = corrupted(values, "masking", 0.25, EXTREMES)
    assert float(hit.float().mean()) == pytest.approx(0.25, abs=0.03)
    assert torch.equal(damaged, torch.where(hit, 0.0, values))


def test_salt_and_pepper_puts_the_ends_of_the_range_of_each_input() -> None:
    torch.manual_seed(0)
    values = torch.zeros(2000, 2)
    damaged, hit = corrupted(values, "salt_and_pepper", 0.3, EXTREMES)
    assert set(damaged[hit[:, 0], 0].tolist()) == {-3.0, 3.0}
    assert set(damaged[hit[:, 1], 1].tolist()) == {-5.0, 5.0}
    assert torch.equal(damaged[~hit], values[~hit])


def test_gaussian_noise_damages_all_and_none_nothing() -> None:
    torch.manual_seed(0)
    values = torch.zeros(2000, 2)
    damaged, hit = corrupted(values, "gaussian", 0.5, EXTREMES)
    assert float(damaged.std()) == pytest.approx(0.5, rel=0.05)
    assert bool(hit.all())
    for kind, noise in (("none", 0.5), ("masking", 0.0)):
        same, untouched = corrupted(values, kind, noise, EXTREMES)  # type: ignore[arg-type]
        assert torch.equal(same, values)
        assert not untouched.any()


def test_a_bent_surface_is_restored_better_than_by_as_many_components() -> None:
    samples, fresh = bent(), bent(seed=1)
    how = replace(QUICK, corruption="none", hidden=(32,), epochs=150, learning_rate=5e-3)
    found = DenoisingAutoencoder.fit(samples, how)
    scaled = samples / samples.std(axis=0), fresh / samples.std(axis=0)
    linear = PrincipalComponents.fit(lambda: [scaled[0]], rank=2)
    apart = (linear.reconstruct(linear.project(scaled[1])) - scaled[1]) ** 2
    assert error(found.decode(found.encode(fresh)), fresh) < 0.3 * apart.mean()


def test_with_a_linear_path_it_begins_as_principal_components() -> None:
    samples = bent()
    for by_variance in (False, True):
        how = replace(QUICK, linear_path=True, by_variance=by_variance, epochs=0)
        found = DenoisingAutoencoder.fit(samples, how)
        unit = 1.0 if by_variance else samples.std(axis=0)
        linear = PrincipalComponents.fit(lambda unit=unit: [samples / unit], rank=2)
        wanted = linear.reconstruct(linear.project(samples / unit)) * unit
        np.testing.assert_allclose(
            found.decode(found.encode(samples)), wanted, atol=2e-3, rtol=1e-4
        )
        np.testing.assert_allclose(found.encode(samples).std(axis=0), 1.0, rtol=1e-3)


def test_training_improves_on_the_linear_path() -> None:
    samples = bent()
    before = DenoisingAutoencoder.fit(samples, replace(QUICK, linear_path=True, epochs=0))
    how = replace(QUICK, linear_path=True, epochs=80, noise=0.02, corruption="gaussian")
    after = DenoisingAutoencoder.fit(samples, replace(how, learning_rate=5e-3))
    assert error(after.decode(after.encode(samples)), samples) < 0.7 * error(
        before.decode(before.encode(samples)), samples
    )


def test_layers_learn_one_by_one_before_all_of_them() -> None:
    samples = bent()
    none, some = (
        DenoisingAutoencoder.fit(samples, replace(QUICK, epochs=0, layer_epochs=n, noise=0.0))
        for n in (0, 30)
    )
    errors = [error(one.decode(one.encode(samples)), samples) for one in (none, some)]
    assert errors[1] < 0.75 * errors[0]


def test_hidden_values_count_more_where_they_are_emphasised() -> None:
    samples = bent(400)
    gaps = np.where(np.arange(4) == 2, np.nan, samples)
    errors = []
    for emphasis in ((1.0, 0.0), (0.0, 1.0)):
        how = replace(QUICK, code=4, epochs=60, layer_epochs=0, emphasis=emphasis)
        found = DenoisingAutoencoder.fit(samples, how)
        errors.append(float(((found.decode(found.encode(gaps)) - samples)[:, 2] ** 2).mean()))
    assert errors[0] < errors[1]


def test_gaps_in_training_are_neither_read_nor_counted() -> None:
    samples = bent(400)
    gaps = np.random.default_rng(0).random(samples.shape) < 0.2
    found = DenoisingAutoencoder.fit(np.where(gaps, np.nan, samples), QUICK)
    spread = samples.std(axis=0)
    np.testing.assert_allclose(found.scale, spread, rtol=0.15)
    assert np.isfinite(found.residual).all()
    assert np.isfinite(found.encode(np.full((1, 4), np.nan))).all()


def test_the_slope_is_that_of_the_decoder() -> None:
    found = DenoisingAutoencoder.fit(bent(400), replace(QUICK, linear_path=True))
    code = np.array([[0.3, -0.2], [1.0, 0.5]], np.float32)
    slope = found.jacobian(code)
    assert slope.shape == (2, 4, 2)
    for part in range(2):
        step = np.zeros(2, np.float32)
        step[part] = 1e-2
        numeric = (found.decode(code + step) - found.decode(code - step)) / 2e-2
        np.testing.assert_allclose(slope[..., part], numeric, atol=2e-2, rtol=2e-2)


def test_axes_before_the_last_are_kept() -> None:
    found = DenoisingAutoencoder.fit(bent(400), QUICK)
    cube = bent(24).reshape(2, 3, 4, 4)
    codes = found.encode(cube)
    assert codes.shape == (2, 3, 4, 2)
    assert found.decode(codes).shape == (2, 3, 4, 4)
    np.testing.assert_allclose(codes[1, 2], found.encode(cube[1, 2]), rtol=1e-5, atol=1e-6)


def test_a_constant_input_comes_back_as_it_was() -> None:
    samples = np.concatenate([bent(300), np.full((300, 1), 7.0)], axis=1)
    for linear in (False, True):
        how = replace(QUICK, linear_path=linear, by_variance=True)
        found = DenoisingAutoencoder.fit(samples, how)
        np.testing.assert_allclose(found.decode(found.encode(samples))[:, 4], 7.0)
        assert found.residual[4] == 0


def test_it_is_kept_as_arrays_and_json_and_repeats_bit_for_bit() -> None:
    samples = bent(300)
    state = torch.random.get_rng_state()
    found, same = (DenoisingAutoencoder.fit(samples, QUICK) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(found.encode(samples), same.encode(samples))
    settings = json.loads(json.dumps(found.settings()))
    again = DenoisingAutoencoder.from_arrays(found.arrays(), settings)
    assert again.config == found.config
    assert np.array_equal(again.decode(again.encode(samples)), found.decode(found.encode(samples)))


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((0, 3)), r"expected samples × inputs to fit on, got \(0, 3\)"),
        (np.array([[0.0, np.inf]]), "got inf in sample 0, input 1"),
        (np.array([[0.0, np.nan], [1.0, np.nan]]), "input 1 has no value in any sample"),
    ],
)
def test_samples_that_cannot_be_learnt_from_are_refused(samples: FloatArray, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        DenoisingAutoencoder.fit(samples, QUICK)


def test_samples_of_another_width_and_codes_that_are_too_long_are_refused() -> None:
    found = DenoisingAutoencoder.fit(bent(300), QUICK)
    with pytest.raises(ModelError, match="expected samples of 4 inputs, got 3"):
        found.encode(np.zeros((2, 3)))
    with pytest.raises(ModelError, match=r"expected a code of at most 4 numbers.*got 5"):
        DenoisingAutoencoder.fit(bent(300), replace(QUICK, code=5, linear_path=True))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"code": 0}, "code: expected 1 or more, got 0"),
        ({"hidden": (0,)}, r"hidden: expected widths above 0, got \(0,\)"),
        ({"corruption": "fog"}, "corruption: expected one of none.*got 'fog'"),
        ({"activation": "step"}, "activation: expected one of tanh.*got 'step'"),
        ({"noise": -0.1}, "noise: expected 0 or more, got -0.1"),
        ({"noise": 1.0}, "noise: expected a share below 1, got 1.0"),
        ({"emphasis": (0.0, 0.0)}, "emphasis: expected two numbers"),
        ({"learning_rate": 0.0}, "learning_rate: expected above 0, got 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        AutoencoderConfig(**wrong)
