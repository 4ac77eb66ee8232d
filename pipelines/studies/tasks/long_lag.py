"""The long time lag tasks of Hochreiter and Schmidhuber 1997, with their data and pass marks.

Sequences of one batch are padded at the front with zeros, so that the last step is the end of
each. A task says what is read, what is wanted at the end, and when it counts as learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray

Random = np.random.Generator


@dataclass(frozen=True)
class Sequences:
    """inputs row × step × channel, float32.

    wanted   row × output, float32: what is learnt
    meant    the same without noise: what a forecast is held to
    """

    inputs: FloatArray
    wanted: FloatArray
    meant: FloatArray


@dataclass(frozen=True)
class PassMark:
    """When the training counts as done.

    tolerance    largest absolute error of a right answer, in every output
    most_wrong   of the sequences that are looked at
    mean_error   that their error has to be below; None for no such mark
    squared      whether that is the squared error, or the absolute one
    looked_at    sequences
    fresh        whether they are new ones (experiment 3), or the newest of the training (4 to 6)
    """

    tolerance: float
    most_wrong: int = 0
    mean_error: float | None = None
    squared: bool = True
    looked_at: int = 2000
    fresh: bool = False

    def errors(self, given: FloatArray, meant: FloatArray) -> FloatArray:
        """Of every row, the mean over outputs."""
        apart = np.abs(given - meant)
        return np.asarray((apart**2 if self.squared else apart).mean(axis=1))

    def wrong(self, given: FloatArray, meant: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether each row is beyond the tolerance."""
        return np.asarray((np.abs(given - meant) > self.tolerance).any(axis=1))

    def met(self, wrong: npt.NDArray[np.bool_], errors: FloatArray) -> bool:
        """Whether the newest of these rows are enough, and good enough."""
        wrong, errors = wrong[-self.looked_at :], errors[-self.looked_at :]
        close = self.mean_error is None or bool(errors.mean() < self.mean_error)
        return len(wrong) >= self.looked_at and int(wrong.sum()) <= self.most_wrong and close


@dataclass(frozen=True)
class LongLagTask:
    """A task whose answer is asked for at the end.

    channels, outputs   widths
    steps               of the longest sequence
    draw                (generator, rows) -> sequences
    """

    name: str
    channels: int
    outputs: int
    steps: int
    draw: Callable[[Random, int], Sequences]
    mark: PassMark


def adding(length: int = 100) -> LongLagTask:
    """Experiment 4: the sum of two marked numbers out of `length` to 1.1 `length`."""
    mark = PassMark(0.04, mean_error=0.01)
    return _marked("adding", length, lambda a, b: 0.5 + (a + b) / 4.0, -1.0, 0.0, mark)


def multiplication(length: int = 100, most_wrong: int = 139) -> LongLagTask:
    """Experiment 5: the product of two marked numbers from 0 to 1.

    most_wrong   of the newest 2000: the paper stops below 140 or, in a second run, below 13
    """
    mark = PassMark(0.04, most_wrong)
    return _marked("multiplication", length, lambda a, b: a * b, 0.0, 1.0, mark)


def temporal_order(events: int = 2) -> LongLagTask:
    """Experiment 6a (two events, four classes) or 6b (three, eight): in which order did X and Y
    come among a hundred distractors?"""
    spans = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}[events]

    def draw(random: Random, rows: int) -> Sequences:
        lengths = random.integers(100, 111, rows)
        inputs = np.zeros((rows, 110, 8), dtype=np.float32)
        wanted = np.zeros((rows, 2**events), dtype=np.float32)
        for row, length in enumerate(lengths):
            # Symbols: E, B, a, b, c, d, X, Y.
            codes = random.integers(2, 6, length)
            codes[0], codes[-1] = 0, 1
            answer = 0
            for first, last in spans:
                event = int(random.integers(2))
                codes[random.integers(first, last + 1) - 1] = 6 + event
                answer = 2 * answer + event
            inputs[row, 110 - length :] = np.eye(8, dtype=np.float32)[codes]
            wanted[row, answer] = 1.0
        return Sequences(inputs, wanted, wanted)

    mark = PassMark(0.3, mean_error=0.1)
    return LongLagTask(f"order_{events}", 8, 2**events, 110, draw, mark)


#: The paper's second stopping rules, and its only one of 3c: of 256 new sequences.
TWO_SEQUENCE_MARKS = {
    "rest": PassMark(0.2, 0, 0.01, squared=False, looked_at=256, fresh=True),
    "signal": PassMark(0.2, 5, 0.04, squared=False, looked_at=256, fresh=True),
    "target": PassMark(0.1, 0, 0.015, squared=False, looked_at=256, fresh=True),
}


def two_sequence(length: int = 100, known: int = 3, *, noisy: str = "rest") -> LongLagTask:
    """Experiment 3: do the first `known` values say +1 or -1? The target is 1 or 0 (3a, 3b), or
    0.8 and 0.2 with noise of variance 0.1 (3c).

    noisy   rest: noise after the known values (3a); signal: on them too, variance 0.2 (3b);
            target: 3b with noise on the target (3c)
    """

    def draw(random: Random, rows: int) -> Sequences:
        longest = length + length // 10
        inputs = np.zeros((rows, longest, 1), dtype=np.float32)
        sign = np.where(random.random(rows) < 0.5, 1.0, -1.0)
        for row in range(rows):
            size = int(random.integers(length, longest + 1))
            values = random.normal(0.0, np.sqrt(0.2), size)
            values[:known] = sign[row] + (values[:known] if noisy != "rest" else 0.0)
            inputs[row, longest - size :, 0] = values
        meant = ((sign + 1.0) / 2.0)[:, None].astype(np.float32)
        if noisy != "target":
            return Sequences(inputs, meant, meant)
        meant = 0.2 + 0.6 * meant
        noise = random.normal(0.0, np.sqrt(0.1), meant.shape).astype(np.float32)
        return Sequences(inputs, meant + noise, meant)

    longest = length + length // 10
    return LongLagTask(f"two_sequence_{noisy}", 1, 1, longest, draw, TWO_SEQUENCE_MARKS[noisy])


def _marked(
    name: str,
    length: int,
    answer: Callable[[float, float], float],
    lowest: float,
    nothing: float,
    mark: PassMark,
) -> LongLagTask:
    """Pairs of a value and a marker: 1 at the two values that count, -1 at both ends, else 0.

    The first mark is among the first ten steps, the second among the first half, less one step,
    that is not marked yet. Where the first step is drawn its marker stays -1, and instead of its
    value counts `nothing`: zero in a sum (paper, section 5.4), one in a product.
    """
    longest = length + length // 10

    def draw(random: Random, rows: int) -> Sequences:
        inputs = np.zeros((rows, longest, 2), dtype=np.float32)
        wanted = np.zeros((rows, 1), dtype=np.float32)
        for row in range(rows):
            size = int(random.integers(length, longest + 1))
            values = random.uniform(lowest, 1.0, size)
            markers = np.zeros(size)
            first = int(random.integers(10))
            free = [place for place in range(length // 2 - 1) if place != first]
            second = int(random.choice(free))
            markers[[first, second]] = 1.0
            markers[[0, -1]] = -1.0
            # Where the first step is drawn, its mark gives way to that of the end.
            a, b = (nothing if at == 0 else values[at] for at in (first, second))
            inputs[row, longest - size :] = np.stack([values, markers], axis=1)
            wanted[row] = answer(a, b)
        return Sequences(inputs, wanted, wanted)

    return LongLagTask(name, 2, 1, longest, draw, mark)
