"""The long-lag tasks keep the paper's rules."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.studies.tasks import reber
from pipelines.studies.tasks.long_lag import (
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
def test_two_numbers_are_marked_where_the_paper_says(task: object, lowest: float) -> None:
    made = task.draw(random(), 300)  # type: ignore[attr-defined]
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
        if noisy == "target":
            assert 0.25 < made.wanted[sign > 0].std() < 0.4
            assert made.wanted[sign > 0].mean() == pytest.approx(0.8, abs=0.1)
        else:
            right = (made.wanted[:, 0] == (sign > 0)).mean()
            assert right == 1.0 if noisy == "rest" else right > 0.98


def test_a_forecast_is_wrong_beyond_the_tolerance_in_any_output() -> None:
    task = temporal_order()
    wanted = np.eye(4, dtype=np.float32)[:2]
    assert task.wrong(wanted + 0.29, wanted).tolist() == [False, False]
    off = wanted.copy()
    off[1, 3] = 0.31
    assert task.wrong(off, wanted).tolist() == [False, True]


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
