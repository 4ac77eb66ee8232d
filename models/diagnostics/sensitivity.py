"""Which inputs move a forecast? Its slope at each, and what it says when they are really moved.

Two views of the same thing. The slope is what an infinitely small change does, by automatic
differentiation where the model is a network. The moves are re-forecasts: an input, or a group
of them together, one standard deviation lower and higher. Where both disagree the forecast is
bent, and the moves are what to believe.

A push moves all inputs at once, each by no more than a given share of its deviation, in the
direction that the slope calls worst (the fast gradient sign of Goodfellow et al. 2015). Beside
pushes in random directions it tells whether a forecast stands or falls with small errors.

None of this says what causes what: it is the model that is asked, not the world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.errors import ConfigError, ModelError

#: row × input -> row × lead. Rows are inputs of the same forecast, moved.
Answer = Callable[[FloatArray], FloatArray]
#: Of a deviation: the step of a slope by differences. Networks compute in float32.
STEP = 0.05
#: Moves below this share of the largest are what is left of float32.
ROUNDING = 1e-6
#: Rows that are forecast at once.
CHUNK = 256
#: Random directions beside a push.
DRAWS = 64
#: Inputs with the largest slopes, at which slopes are checked by differences.
CHECKED = 8


@dataclass(frozen=True)
class Inputs:
    """Numbers that one forecast rests on, one after the other.

    group      input: what it is, such as "vol_ratio"
    step       input: when, such as "2021-03"; "" for what has no time
    value      input
    spread     input: one standard deviation; zero for what is not to be moved
    low, high  bounds that a moved input keeps
    """

    group: tuple[str, ...]
    step: tuple[str, ...]
    value: FloatArray
    spread: FloatArray
    low: FloatArray
    high: FloatArray

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, name)) for name in self.__dataclass_fields__}
        if len(lengths) > 1:
            raise ModelError(f"Inputs: expected one length of all parts, got {sorted(lengths)}")
        if not (np.isfinite(self.spread).all() and (self.spread >= 0).all()):
            raise ModelError("Inputs.spread: expected finite numbers of 0 or more")

    def __len__(self) -> int:
        return len(self.group)

    @property
    def groups(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(dict.fromkeys(self.group))

    def members(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which inputs belong to one of these groups."""
        return np.isin(np.asarray(self.group, dtype=object), np.asarray(names, dtype=object))

    def moved(self, deviations: FloatArray) -> FloatArray:
        """Values moved by so many deviations, within their bounds: ... × input."""
        step = deviations * self.spread
        return np.where(step == 0, self.value, np.clip(self.value + step, self.low, self.high))


@dataclass(frozen=True)
class Sensitivity:
    """What one forecast does when its inputs move; in units of the outcome.

    leads     names of what is forecast
    base      lead: the forecast
    slope     lead × input: per deviation
    single    lead × input × 2: change when this input alone goes one deviation down, up
    groups    names of groups, and of bundles of groups
    together  lead × group × 2: change when all inputs of the group go down, up by one deviation
              each, or by one of their mean
    checked   largest difference of a slope and the slope by re-forecasts, as a share of the
              largest slope; None where slopes are made by re-forecasts
    independent  as of the question: groups are moved by one deviation of their mean
    """

    inputs: Inputs
    leads: tuple[str, ...]
    base: FloatArray
    slope: FloatArray
    single: FloatArray
    groups: tuple[str, ...]
    together: FloatArray
    checked: float | None = None
    independent: bool = False

    def order(self, lead: int) -> tuple[str, ...]:
        """Groups from the one that moves this lead most to the one that moves it least."""
        size = np.abs(self.together[lead]).max(axis=1)
        return tuple(self.groups[place] for place in np.argsort(-size, kind="stable"))

    def move(self, lead: int, group: str) -> tuple[float, float]:
        """Change of a lead when a group goes down, up."""
        down, up = self.together[lead, self.groups.index(group)]
        return float(down), float(up)

    @property
    def bundles(self) -> tuple[str, ...]:
        """Names of groups that are moved together."""
        return self.groups[len(self.inputs.groups) :]

    @property
    def idle(self) -> tuple[str, ...]:
        """Groups that move no lead: by no more than rounding, beside what moves it most."""
        size = np.abs(self.together).max(axis=2)
        still = (size <= ROUNDING * size.max(axis=1, keepdims=True)).all(axis=0)
        return tuple(name for name, idle in zip(self.groups, still, strict=True) if idle)


@dataclass(frozen=True)
class Push:
    """All inputs moved at once, each by at most `size` deviations, to move one lead.

    expected  change that the slope promises for a push up
    down, up  change that came in the worst direction either way
    random    root mean square change of random directions of the same size
    """

    lead: str
    size: float
    expected: float
    down: float
    up: float
    random: float


@dataclass(frozen=True)
class Question:
    """A forecast to be asked.

    slope        lead × input: change of the answer per unit of the input; None to find it by
                 differences
    bundles      name -> groups that are moved together as well
    independent  inputs of a group vary on their own, as returns do: of n of them each is moved
                 by 1 / sqrt(n) deviations, so that their mean moves by one of its own
    """

    inputs: Inputs
    leads: tuple[str, ...]
    answer: Answer
    slope: FloatArray | None = None
    bundles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    independent: bool = False


def sensitivity(question: Question) -> Sensitivity:
    """Slopes, single moves and moves of groups.

    Raises ModelError when an answer is not finite.
    """
    inputs = question.inputs
    base = _answers(question, inputs.value[None])[0]
    parts = {name: (name,) for name in inputs.groups} | dict(question.bundles)
    masks = np.stack([inputs.members(tuple(names)) for names in parts.values()]).astype(float)
    if question.independent:
        movable = masks @ (inputs.spread > 0)
        masks /= np.sqrt(np.maximum(movable, 1.0))[:, None]
    checked = None
    if question.slope is None:
        slope = _differences(question, np.arange(len(inputs)))
    else:
        slope = question.slope * inputs.spread
        checked = _disagreement(question, slope)
    return Sensitivity(
        inputs,
        question.leads,
        base,
        slope,
        _moves(question, np.eye(len(inputs)), base),
        tuple(parts),
        _moves(question, masks, base),
        checked,
        question.independent,
    )


def worst_push(
    question: Question, found: Sensitivity, lead: int, size: float, seed: int = 0
) -> Push:
    """Push in the direction that the slope of one lead calls worst.

    size  of a deviation, the most that any input moves

    Raises ConfigError for a size that is not above zero.
    """
    if not size > 0:
        raise ConfigError(f"size of a push: expected above 0 deviations, got {size}")
    inputs, draw = question.inputs, np.random.default_rng(seed)
    worst = np.sign(found.slope[lead])
    directions = np.stack([-worst, worst, *draw.choice([-1.0, 1.0], (DRAWS, len(inputs)))])
    change = _answers(question, inputs.moved(size * directions))[:, lead] - found.base[lead]
    return Push(
        found.leads[lead],
        size,
        float(size * np.abs(found.slope[lead]).sum()),
        float(change[0]),
        float(change[1]),
        float(np.sqrt(np.mean(change[2:] ** 2))),
    )


def _moves(question: Question, directions: FloatArray, base: FloatArray) -> FloatArray:
    """Change of each lead for each direction, down and up: lead × direction × 2."""
    inputs = question.inputs
    sides = [_answers(question, inputs.moved(side * directions)) - base for side in (-1.0, 1.0)]
    return np.asarray(np.stack(sides, axis=-1).swapaxes(0, 1))


def _differences(question: Question, places: npt.NDArray[np.int64]) -> FloatArray:
    """Slope per deviation at some inputs, by differences: lead × place; one-sided at a bound."""
    inputs = question.inputs
    steps = STEP * np.eye(len(inputs))[places]
    above, below = inputs.moved(steps), inputs.moved(-steps)
    change = _answers(question, above) - _answers(question, below)
    width = (above - below)[np.arange(len(places)), places]
    moving = width > 0
    share = np.where(moving, inputs.spread[places] / np.where(moving, width, 1.0), 0.0)
    return np.asarray(change.T * share)


def _disagreement(question: Question, slope: FloatArray) -> float:
    """Largest difference of slopes and differences at the steepest inputs, a share of the
    steepest of each lead."""
    steep = np.argsort(-np.abs(slope).max(axis=0), kind="stable")[:CHECKED]
    apart = np.abs(slope[:, steep] - _differences(question, steep)).max(axis=1)
    largest = np.abs(slope).max(axis=1)
    return float(np.where(largest > 0, apart / np.maximum(largest, 1e-300), apart).max())


def _answers(question: Question, rows: FloatArray) -> FloatArray:
    """Answers to moved inputs, row × lead, float64."""
    parts = [
        np.asarray(question.answer(rows[start : start + CHUNK]), dtype=np.float64)
        for start in range(0, len(rows), CHUNK)
    ]
    found = np.concatenate(parts)
    if not np.isfinite(found).all():
        row = int(np.argmin(np.isfinite(found).all(axis=1)))
        raise ModelError(
            f"sensitivity: the forecast of moved inputs is not finite (row {row} of {len(found)}); "
            "give inputs whose neighbours can be forecast"
        )
    return found
