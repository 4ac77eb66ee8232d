"""How many sequences a network needs to learn a long-lag task: the count of Hochreiter and
Schmidhuber 1997, by their pass marks, with the training of today (Adam, clipped gradients)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.options import BackboneOptions
from models.contract import FloatArray
from pipelines.studies.tasks import reber
from pipelines.studies.tasks.long_lag import LongLagTask, PassMark, Sequences

#: Sequences of the paper's test. Single steps of Adam wander: the test is of an average of the
#: newest weights, which forgets so much per step: of those before the newest 2000 sequences, which
#: were all right, a thousandth is left.
TESTED, FORGET = 2560, 0.1
BATCH, CLIP = 32, 1.0
#: Batches between two looks at new sequences, for tasks whose mark asks for these.
LOOK = 16
#: Of the Reber grammar: strings of a step, and between two looks.
STRINGS, LOOK_STRINGS = 2, 400


@dataclass(frozen=True)
class Net:
    """A network of one layer and how it is trained."""

    backbone: str
    hidden_size: int
    learning_rate: float
    options: BackboneOptions = field(default_factory=BackboneOptions)


@dataclass(frozen=True)
class Learnt:
    """How a training went.

    presented   sequences until the task's mark was met, None if it never was
    wrong       of 2560 new ones, at the end, with an average of the newest weights
    """

    presented: int | None
    wrong: int


class Reader(nn.Module):
    """A backbone and a linear output at every step, or at the last one."""

    def __init__(self, net: Net, channels: int, outputs: int, steps: int) -> None:
        super().__init__()
        shape = Shape(channels, net.hidden_size, steps=steps)
        self.backbone = make_backbone(net.backbone, shape, net.options)
        self.output = nn.Linear(net.hidden_size, outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        last: torch.Tensor = self.output(self.backbone.states(inputs)[:, -1])
        return last

    def every_step(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.output(self.backbone.states(inputs))
        return outputs


def learn(task: LongLagTask, net: Net, budget: int, seed: int) -> Learnt:
    """Train until the task's mark is met, or for `budget` sequences; then test on new ones.

    Deterministic for a seed on one machine.
    """
    torch.manual_seed(seed)
    random, anew = np.random.default_rng(seed), np.random.default_rng(20_000 + seed)
    model = Reader(net, task.channels, task.outputs, task.steps)
    averaged = AveragedModel(model, avg_fn=_averaged)
    optimizer = torch.optim.Adam(model.parameters(), lr=net.learning_rate)
    newest, presented = _Newest(task.mark), None
    for shown in range(BATCH, budget + 1, BATCH):
        rows = task.draw(random, BATCH)
        given = model(torch.from_numpy(rows.inputs))
        _step(model, optimizer, (given - torch.from_numpy(rows.wanted)).square().mean())
        averaged.update_parameters(model)
        if task.mark.fresh:
            looked = shown % (LOOK * BATCH) == 0
            met = looked and _met(averaged, task.draw(anew, task.mark.looked_at), task.mark)
        else:
            met = newest.met(given.detach().numpy(), rows.meant)
        if met:
            presented = shown
            break
    test = task.draw(np.random.default_rng(10_000 + seed), TESTED)
    return Learnt(presented, int(task.mark.wrong(_said(averaged, test), test.meant).sum()))


def learn_reber(net: Net, budget: int, seed: int) -> int | None:
    """Strings until all 256 of the training and all 256 others are right; None if never."""
    strings = reber.reber_strings(512, seed)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    model = Reader(net, len(reber.SYMBOLS), len(reber.SYMBOLS), max(map(len, strings)))
    optimizer = torch.optim.Adam(model.parameters(), lr=net.learning_rate)
    for shown in range(STRINGS, budget + 1, STRINGS):
        drawn = [strings[place] for place in random.integers(0, 256, STRINGS)]
        _step(model, optimizer, torch.stack([_string_loss(model, one) for one in drawn]).mean())
        if shown % LOOK_STRINGS == 0 and _all_right(model, strings):
            return shown
    return None


class _Newest:
    """The newest sequences of a training, as its mark looks at them."""

    def __init__(self, mark: PassMark) -> None:
        self._mark = mark
        self._wrong: npt.NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._errors: FloatArray = np.empty(0)

    def met(self, given: FloatArray, meant: FloatArray) -> bool:
        """Add a batch; whether the mark is met."""
        kept = slice(-self._mark.looked_at, None)
        self._wrong = np.append(self._wrong, self._mark.wrong(given, meant))[kept]
        self._errors = np.append(self._errors, self._mark.errors(given, meant))[kept]
        return self._mark.met(self._wrong, self._errors)


def _averaged(sofar: torch.Tensor, newest: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
    del count
    return torch.lerp(sofar, newest, FORGET)


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()


def _met(model: nn.Module, rows: Sequences, mark: PassMark) -> bool:
    said = _said(model, rows)
    return mark.met(mark.wrong(said, rows.meant), mark.errors(said, rows.meant))


def _said(model: nn.Module, rows: Sequences) -> FloatArray:
    """What the model says of new sequences; it goes on as it was, in training or not."""
    training = model.training
    model.eval()
    with torch.inference_mode():
        said: FloatArray = model(torch.from_numpy(rows.inputs)).numpy()
    model.train(training)
    return said


def _string_loss(model: Reader, string: str) -> torch.Tensor:
    steps = torch.from_numpy(reber.one_hot(string))
    odds = model.every_step(steps[None, :-1])[0]
    return nn.functional.cross_entropy(odds, steps[1:].argmax(dim=1))


def _all_right(model: Reader, strings: Sequence[str]) -> bool:
    with torch.inference_mode():
        for string in strings:
            steps = torch.from_numpy(reber.one_hot(string))
            odds = model.every_step(steps[None, :-1])[0].numpy()
            if not reber.is_right(odds, reber.legal_next(string)):
                return False
    return True
