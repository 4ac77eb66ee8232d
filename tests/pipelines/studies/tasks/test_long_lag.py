"""The long-lag tasks keep the paper's rules."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.studies.tasks import reber
from pipelines.studies.tasks.long_lag import (
    LongLagTask,
    PassMark,
    adding,
    multiplication,
    temporal_order,
    two_sequence,
)


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def steps_of(inputs: np.ndarray) -> np.ndarray:
    """One row without the padding in front."""
    return inputs[np.flatnonzero(np.abs(inputs).sum(axis=1) > 0)[0] :]


@pytest.mark.parametrize(("task", "lowest"), [(adding(40), -1.0), (multiplication(40), 0.0)])
def test_two_numbers_are_marked_where_the_paper_says(task: LongLagTask, lowest: float) -> None:
    made = task.draw(random(), 300)
    lengths = []
    for inputs, wanted in zip(made.inputs, made.wanted, strict=True):
        one = steps_of(inputs)
        values, markers = one.T
        lengths.append(len(one))
        assert (values >= lowest).all()
        assert markers[-1] == -1
        marked = np.flatnonzero(markers == 1)
        assert markers[0] == -1
        assert 1 <= len(marked) <= 2  # one, where the first step was drawn
        assert marked.max() < 40 // 2 - 1
        assert marked.min() < 10 or len(marked) == 1
        chosen = [float(values[place]) for place in marked]
        answer = 0.5 + sum(chosen) / 4 if lowest < 0 else float(np.prod(chosen))
        assert wanted[0] == pytest.approx(answer, abs=1e-6)
    assert min(lengths) >= 40
    assert max(lengths) <= 44
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("events", [2, 3])
def test_the_class_is_the_order_of_the_relevant_symbols(events: int) -> None:
    made = temporal_order(events).draw(random(), 200)
    for inputs, wanted in zip(made.inputs, made.wanted, strict=True):
        codes = steps_of(inputs).argmax(axis=1)
        assert codes[0] == 0
        assert codes[-1] == 1
        came = np.flatnonzero(codes >= 6)
        assert len(came) == events
        assert 9 <= came[0] <= 19
        answer = int("".join(str(codes[place] - 6) for place in came), 2)
        assert wanted.argmax() == answer
        assert wanted.sum() == 1


def test_the_two_sequence_problem_hides_a_sign_in_noise_as_each_version_says() -> None:
    for noisy in ("rest", "signal", "target"):
        made = two_sequence(60, noisy=noisy).draw(random(), 400)
        first = np.array([steps_of(inputs)[:3, 0] for inputs in made.inputs])
        sign = np.sign(first.mean(axis=1))
        assert (np.abs(first) == 1).all() == (noisy == "rest")
        levels = [0.2, 0.8] if noisy == "target" else [0.0, 1.0]
        assert np.unique(made.meant) == pytest.approx(levels)
        right = (made.meant[:, 0] > 0.5) == (sign > 0)
        assert right.all() if noisy == "rest" else right.mean() > 0.98
        noise = made.wanted - made.meant
        if noisy == "target":
            assert noise.var() == pytest.approx(0.1, abs=0.02)
            assert noise.mean() == pytest.approx(0.0, abs=0.05)
        else:
            assert (noise == 0).all()


def test_a_forecast_is_wrong_beyond_the_tolerance_in_any_output() -> None:
    mark = temporal_order().mark
    wanted = np.eye(4, dtype=np.float32)[:2]
    assert mark.wrong(wanted + 0.29, wanted).tolist() == [False, False]
    off = wanted.copy()
    off[1, 3] = 0.31
    assert mark.wrong(off, wanted).tolist() == [False, True]


def test_errors_are_squared_or_absolute_means_over_outputs() -> None:
    given, meant = np.array([[0.0, 0.4]]), np.array([[0.2, 0.4]])
    assert PassMark(0.1).errors(given, meant) == pytest.approx([0.02])
    assert PassMark(0.1, squared=False).errors(given, meant) == pytest.approx([0.1])


def test_the_mark_looks_at_the_newest_sequences_once_there_are_enough() -> None:
    mark = PassMark(0.1, most_wrong=1, mean_error=0.5, looked_at=4)
    none, small = np.zeros(4, dtype=bool), np.zeros(4)
    assert mark.met(none, small)
    assert not mark.met(none[:3], small[:3])
    one, two = np.array([1, 0, 0, 0], dtype=bool), np.array([1, 1, 0, 0], dtype=bool)
    assert mark.met(one, small)
    assert not mark.met(two, small)
    assert mark.met(np.append(two, [False]), np.append([9.0], small))  # the oldest left the view
    assert not mark.met(none, np.full(4, 0.5))


@pytest.mark.parametrize(
    ("task", "tolerance", "most_wrong", "mean_error", "looked_at"),
    [
        (adding(), 0.04, 0, 0.01, 2000),
        (multiplication(), 0.04, 139, None, 2000),
        (multiplication(most_wrong=12), 0.04, 12, None, 2000),
        (temporal_order(2), 0.3, 0, 0.1, 2000),
        (temporal_order(3), 0.3, 0, 0.1, 2000),
        (two_sequence(), 0.2, 0, 0.01, 256),
        (two_sequence(noisy="signal"), 0.2, 5, 0.04, 256),
        (two_sequence(noisy="target"), 0.1, 0, 0.015, 256),
    ],
)
def test_the_pass_marks_are_those_of_the_paper(
    task: LongLagTask,
    tolerance: float,
    most_wrong: int,
    mean_error: float | None,
    looked_at: int,
) -> None:
    mark = task.mark
    assert (mark.tolerance, mark.most_wrong, mark.mean_error) == (tolerance, most_wrong, mean_error)
    assert mark.looked_at == looked_at
    assert mark.fresh == (looked_at == 256)


def test_strings_of_the_grammar_repeat_their_second_symbol_before_the_end() -> None:
    strings = reber.reber_strings(300, seed=1)
    assert len(set(strings)) == 300
    assert strings == reber.reber_strings(300, seed=1)
    for string in strings:
        assert string[0] == "B"
        assert string[1] == string[-2] in "TP"
        assert string[-1] == "E"
        legal = reber.legal_next(string)
        assert len(legal) == len(string) - 1
        came = [reber.SYMBOLS.index(symbol) for symbol in string[1:]]
        assert legal[np.arange(len(came)), came].all()
        assert legal[-2].sum() == 1  # only the remembered symbol


def test_a_string_is_right_when_legal_symbols_are_the_most_active_ones() -> None:
    string = reber.reber_strings(1, seed=0)[0]
    legal = reber.legal_next(string)
    assert reber.is_right(legal * 1.0, legal)
    outputs = legal * 1.0
    outputs[3, np.flatnonzero(~legal[3])[0]] = 1.0
    assert not reber.is_right(outputs, legal)
