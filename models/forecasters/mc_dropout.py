"""MC dropout: a forecast as the mixture of many thinned networks (Gal and Ghahramani 2016).

Dropout stays on while forecasting, and every pass drops other units. The passes' spread tells
what the network does not know; each pass brings its own noise::

    mean       mean of the passes' means
    quantiles  those of the mixture of the passes' distributions
    variance   mean of the passes' variances + variance of their means

A pass is one thinned network for *all* rows: the same units are missing in each. So a row's
forecast does not depend on the rows it is asked with, and a seed gives the same passes always.
Choose it for a spread that grows away from the training data, at the price of that many passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn.functional import dropout
from torch.overrides import TorchFunctionMode

from models.errors import ModelError

ModuleT = TypeVar("ModuleT", bound=nn.Module)
T = TypeVar("T")


class Thinning(TorchFunctionMode):
    """While inside, dropout that is on leaves the same units out of every row.

    A mode and not a kind of module, so that it holds for every architecture of the table.

    masks   drawn so far
    """

    def __init__(self, seed: int, index: int) -> None:
        super().__init__()
        mixed = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0]
        self._generator = torch.Generator().manual_seed(int(mixed >> np.uint64(1)))
        self.masks = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        given = dict(kwargs or {})
        return self._thin(*args, **given) if func is dropout else func(*args, **given)

    def _thin(
        self, values: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> torch.Tensor:
        del inplace  # what is asked for may be done on a copy as well
        if not (training and p):
            return values
        self.masks += 1
        chances = torch.full((1, *values.shape[1:]), 1.0 - p)
        mask = torch.bernoulli(chances, generator=self._generator) / (1.0 - p)
        return values * mask.to(values)


def with_dropout_on(network: ModuleT) -> ModuleT:
    """A twin with the same weights whose dropout modules, and nothing else, are in training.

    A twin, so that the network itself is as it was, and others may forecast with it meanwhile.
    """
    shared = {id(weight): weight for weight in (*network.parameters(), *network.buffers())}
    twin = deepcopy(network, dict(shared)).eval()
    for part in twin.modules():
        if isinstance(part, nn.Dropout):
            part.train()
    return twin


def thinned_passes(
    network: ModuleT, run: Callable[[ModuleT], T], passes: int, seed: int
) -> Iterator[T]:
    """What `run` gives with each of the thinned networks."""
    twin = with_dropout_on(network)
    for index in range(passes):
        with Thinning(seed, index):
            found = run(twin)
        yield found


def mixture_moments(
    passes: Iterable[tuple[torch.Tensor, torch.Tensor]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and covariance of an even mixture, by the law of total variance.

    passes  of each its mean, ... × component, and covariance, ... × component × component; one
            is held at a time (Welford's running sums)
    """
    mean = within = between = torch.zeros(())
    count = 0
    for count, (centre, covariance) in enumerate(passes, start=1):
        step = centre - mean
        mean = mean + step / count
        between = between + step[..., :, None] * (centre - mean)[..., None, :]
        within = within + (covariance - within) / count
    return mean, within + between / count


@torch.no_grad()
def check_dropout(network: nn.Module, batch: object) -> None:
    """Raise ModelError when no dropout acts in a network that is to forecast by it."""
    with Thinning(0, 0) as thinning:
        with_dropout_on(network)(batch)
    if not thinning.masks:
        raise ModelError(
            "network.mc_passes: no dropout acts in this network, so that all passes would be the "
            "same; set network.layers to 2, or network.options.variational to true"
        )
