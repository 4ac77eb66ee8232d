"""Autoencoders that learn from damaged samples: gaps in windows, and digits with few labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from models.contract import FloatArray
from models.transforms.autoencoder_network import AutoencoderNetwork
from models.transforms.autoencoder_settings import AutoencoderConfig, Corruption
from models.transforms.denoising_autoencoder import DenoisingAutoencoder
from models.transforms.principal_components import PrincipalComponents
from pipelines.studies.proof import Check, Effort, Proof, at_most, told
from pipelines.studies.tasks.sinusoid_windows import sinusoid_windows, with_gaps

SHARE, CODE, COMPONENTS = 0.25, 64, 8
TRAIN, TEST, HIDDEN, EPOCHS, SHORT_EPOCHS = 5000, 2000, 256, 80, 25
LABELLED, WIDTHS, DIGIT_SHARE = 150, (200, 200, 200), 0.25
LAYER_EPOCHS, LABEL_STEPS, RATE = 30, 300, 1e-3


def run(effort: Effort) -> Iterator[Check]:
    yield from _on_windows(effort)
    yield from _on_digits(effort)


def _on_windows(effort: Effort) -> Iterator[Check]:
    epochs = SHORT_EPOCHS if effort.short else EPOCHS
    over_plain, over_zero = (0.7, 0.75) if effort.short else (0.5, 0.6)
    for seed in range(1 if effort.short else 3):
        found = window_errors(seed, epochs)
        effort.say(f"windows, seed {seed}: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()))
        ratio = found["denoising"] / found["plain"]
        yield at_most(f"error on gaps, denoising over plain, seed {seed}", ratio, over_plain)
        ratio = found["denoising"] / found["zero"]
        yield at_most(f"error on gaps, denoising over zero-filling, seed {seed}", ratio, over_zero)
        for name, error in found.items():
            yield told(f"squared error of windows, {name}, seed {seed}", error, "for comparison")


def window_errors(seed: int, epochs: int) -> dict[str, float]:
    """Mean squared errors of windows that were given with gaps, and of whole ones."""
    train, test = sinusoid_windows(TRAIN, 2 * seed), sinusoid_windows(TEST, 2 * seed + 1)
    gaps = with_gaps(test, SHARE, seed)
    plain, denoising = (
        DenoisingAutoencoder.fit(train, _window_settings(kind, epochs, seed))
        for kind in _kinds("masking")
    )
    components = PrincipalComponents.fit(lambda: [train], rank=COMPONENTS)
    linear = components.reconstruct(components.project(np.nan_to_num(gaps)))
    return {
        "zero": _error(np.nan_to_num(gaps), test),
        f"{COMPONENTS} components": _error(linear, test),
        "plain": _error(plain.decode(plain.encode(gaps)), test),
        "denoising": _error(denoising.decode(denoising.encode(gaps)), test),
        "plain on whole windows": _error(plain.decode(plain.encode(test)), test),
        "denoising on whole windows": _error(denoising.decode(denoising.encode(test)), test),
    }


def _window_settings(kind: Corruption, epochs: int, seed: int) -> AutoencoderConfig:
    return AutoencoderConfig(
        code=CODE,
        hidden=(HIDDEN,),
        active_code=True,
        corruption=kind,
        noise=SHARE,
        layer_epochs=epochs // 4,
        epochs=epochs,
        seed=seed,
    )


def _kinds(corruption: Corruption) -> tuple[Corruption, Corruption]:
    return "none", corruption


def _error(found: FloatArray, wanted: FloatArray) -> float:
    return float(np.mean((found - wanted) ** 2))


def _on_digits(effort: Effort) -> Iterator[Check]:
    seeds, limit = (1, 0.8) if effort.short else (6, 0.65)
    ways: dict[str, Corruption | None]
    ways = {"without": None, "plain": "none", "denoising": "masking"}
    errors: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(seeds):
        for way, kind in ways.items():
            errors[way].append(digit_error(kind, seed))
        newest = ", ".join(f"{way} {found[-1]:.2f}" for way, found in errors.items())
        effort.say(f"digits, seed {seed}, error %: {newest}")
    mean = {way: float(np.mean(found)) for way, found in errors.items()}
    for way in ("plain", "denoising"):
        ratio = mean[way] / mean["without"]
        yield at_most(f"digits, error with {way} pre-training over that without", ratio, limit)
    for way, error in mean.items():
        yield told(f"digits, error %, pre-training: {way}", error, f"mean of {seeds} seeds")


def digit_error(kind: Corruption | None, seed: int) -> float:
    """Test error, %, of a network that saw LABELLED labels, after pre-training on all other
    images or, with None, without."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    samples = torch.from_numpy((images[order] / 16.0).astype(np.float32))
    wanted = torch.from_numpy(labels[order].astype(np.int64))
    torch.manual_seed(seed)
    *hidden, code = WIDTHS
    settings = AutoencoderConfig(
        code=code,
        hidden=tuple(hidden),
        activation="sigmoid",
        active_code=True,
        corruption=kind or "none",
        noise=DIGIT_SHARE,
        layer_epochs=0 if kind is None else LAYER_EPOCHS,
        epochs=0,
        seed=seed,
    )
    encoder = DenoisingAutoencoder.fit(samples.numpy(), settings)
    scaled = torch.from_numpy(encoder.scaling.transform(samples.numpy()))
    network = nn.Sequential(_Encoder(encoder.network), nn.Linear(code, 10))
    _learn(network, scaled[:LABELLED], wanted[:LABELLED])
    with torch.inference_mode():
        said = network(scaled[LABELLED:]).argmax(dim=1)
    return 100.0 * float((said != wanted[LABELLED:]).float().mean())


class _Encoder(nn.Module):
    """The encoder of an autoencoder as the first part of another network."""

    def __init__(self, network: AutoencoderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.network.encode(values)


def _learn(network: nn.Module, values: torch.Tensor, labels: torch.Tensor) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    for _ in range(LABEL_STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(nn.functional.cross_entropy(network(values), labels))
        optimizer.step()


PROOF = Proof(
    name="denoising",
    paper="Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010",
    claim=(
        "An autoencoder that learnt from windows with hidden values fills gaps better than one "
        "that learnt from whole ones, and unsupervised training helps where few labels are known"
    ),
    run=run,
    left_out=(
        "that denoising is better pre-training than plain autoencoders: on digits of 8 × 8 pixels "
        "plain ones are as good, or better.",
        "the errors on variations of MNIST: the data are not open to a machine without network.",
    ),
)
