"""Signatures: their identities, to the rounding of float64."""

from __future__ import annotations

import math
import sys
from collections import Counter
from itertools import combinations
from types import SimpleNamespace

import pytest
import torch

from models.errors import DependencyError, ModelError
from models.transforms import signatures
from models.transforms.signatures import (
    chain,
    has_pysiglib,
    is_lyndon,
    log_signature,
    lyndon_words,
    outer,
    running_signature,
    signature,
    signature_width,
    split_levels,
    tensor_log,
    words,
)

TIGHT = 1e-12
#: By pysiglib 4.0.0, an independent implementation: levels 1 to 4 of the polyline through
#: (0, 0), (1, 1/2), (1/2, 2), (2, 1), and its logarithm at the Lyndon words.
CORNERS = [[0.0, 0.0], [1.0, 0.5], [0.5, 2.0], [2.0, 1.0]]
ORACLE = (
    *(2.0, 1.0),
    *(2.0, 0.125, 1.875, 0.5),
    *(1.3333333333333333, -0.35416666666666674, 0.9583333333333333, 0.47916666666666674),
    *(1.3958333333333333, -0.8333333333333334, 1.3541666666666665, 0.16666666666666674),
    *(0.6666666666666667, -0.30468750000000006, 0.20572916666666657, 0.29427083333333337),
    *(0.7526041666666669, -0.5807291666666667, 0.9505208333333334, 0.02864583333333326),
    *(0.6796874999999998, -0.3619791666666665, -0.36197916666666663, 0.39322916666666663),
    *(1.0598958333333335, -0.8098958333333335, 0.7213541666666665, 0.04166666666666674),
)
LOG_ORACLE = (
    *(2.0, 1.0, -0.875, -0.14583333333333348),
    *(0.5833333333333334, 0.09114583333333331, -0.09114583333333337, -0.20052083333333356),
)


def path(times: int = 9, channels: int = 3, rows: int = 4, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, times, channels, generator=generator, dtype=torch.float64)


def close(got: torch.Tensor, wanted: torch.Tensor, tolerance: float = TIGHT) -> None:
    torch.testing.assert_close(got, wanted, rtol=tolerance, atol=tolerance)


def own(given: torch.Tensor, depth: int) -> torch.Tensor:
    return signature(given, depth, "torch")


def test_it_agrees_with_an_independent_implementation() -> None:
    corners = torch.tensor(CORNERS, dtype=torch.float64)
    oracle = torch.tensor(ORACLE, dtype=torch.float64)
    close(own(corners, 4), oracle, 1e-14)
    close(log_signature(oracle, 2, 4), torch.tensor(LOG_ORACLE, dtype=torch.float64), 1e-14)


@pytest.mark.skipif(not has_pysiglib(), reason="pysiglib is not installed")
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_pysiglib_gives_the_same_numbers_and_gradients_where_it_is_installed(depth: int) -> None:
    ours, theirs = path().requires_grad_(), path().requires_grad_()
    weight = torch.arange(signature_width(3, depth), dtype=torch.float64)
    here, there = own(ours, depth), signature(theirs, depth, "pysiglib")
    close(here, there, 1e-10)
    (here @ weight).sum().backward()
    (there @ weight).sum().backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    close(ours.grad, theirs.grad, 1e-10)
    close(signature(path()[None, :, ::2], depth), own(path()[None, :, ::2], depth), 1e-10)


def test_the_library_is_given_rows_and_its_answer_the_shape_of_the_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a double in its place, so that this is tested where it is not installed."""
    asked: list[torch.Size] = []

    def sig(rows: torch.Tensor, depth: int) -> torch.Tensor:
        asked.append(rows.shape)
        assert rows.is_contiguous()
        assert not rows._is_view()
        return own(rows, depth)

    double = SimpleNamespace(sig=sig)
    monkeypatch.setattr(signatures, "has_pysiglib", lambda: True)
    monkeypatch.setitem(sys.modules, "pysiglib", SimpleNamespace(torch_api=double))
    monkeypatch.setitem(sys.modules, "pysiglib.torch_api", double)
    many = path().reshape(2, 2, 9, 3)
    assert torch.equal(signature(many, 2), own(many, 2))
    assert torch.equal(signature(many[0, 0], 2, "pysiglib"), own(many[0, 0], 2))
    assert asked == [(4, 9, 3), (1, 9, 3)]
    own(many, 2)
    assert len(asked) == 2


def test_a_straight_line_has_powers_of_its_step_over_factorials() -> None:
    step = path(1)[:, 0]
    share = torch.tensor([0.0, 0.1, 0.7, 1.0], dtype=torch.float64)[:, None]
    levels = split_levels(own(share * step[:, None], 5), 3, 5)
    power = step
    for level, found in enumerate(levels, start=1):
        close(found, power / math.factorial(level))
        power = outer(power, step)


def test_it_does_not_hear_how_fast_a_path_runs() -> None:
    middle = path() + 0.3 * torch.roll(path(), -1, dims=1) - 0.3 * path()
    slower = torch.stack([path(), middle], dim=2).flatten(1, 2)[:, :-1]
    close(own(slower, 4), own(path(), 4))


def test_it_does_not_hear_where_a_path_begins_nor_what_it_undoes_at_once() -> None:
    close(own(path() + 7.0, 4), own(path(), 4), 1e-10)
    detour = path(4, seed=1)
    there_and_back = torch.cat([path()[:, :5], detour, detour.flip(1)[:, 1:], path()[:, 4:]], dim=1)
    close(own(there_and_back, 4), own(path(), 4), 1e-10)


def test_a_path_and_its_way_back_cancel() -> None:
    there, back = own(path(), 4), own(path().flip(1), 4)
    close(chain(there, back, 3, 4), torch.zeros_like(there), 1e-10)


def test_a_path_is_its_parts_one_after_the_other() -> None:
    first, second = own(path()[:, :5], 4), own(path()[:, 4:], 4)
    close(chain(first, second, 3, 4), own(path(), 4))


def test_the_product_of_two_terms_is_the_sum_over_shuffles_of_their_words() -> None:
    place = {word: i for i, word in enumerate(words(3, 4))}
    terms = own(path(), 4)
    for left in words(3, 2):
        for right in words(3, 2):
            expected = sum(
                count * terms[:, place[word]] for word, count in shuffles(left, right).items()
            )
            close(terms[:, place[left]] * terms[:, place[right]], expected)


def shuffles(left: tuple[int, ...], right: tuple[int, ...]) -> Counter[tuple[int, ...]]:
    """Every way to merge two words that keeps the order of each."""
    size, found = len(left) + len(right), Counter[tuple[int, ...]]()
    for places in combinations(range(size), len(left)):
        mine, other = iter(left), iter(right)
        found[tuple(next(mine) if i in places else next(other) for i in range(size))] += 1
    return found


def test_the_signed_area_of_a_circle_is_pi() -> None:
    angle = torch.linspace(0.0, 2.0 * math.pi, 100_001, dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin()], dim=-1)
    terms = own(circle, 2)
    assert float(terms[3] - terms[4]) / 2 == pytest.approx(math.pi, abs=1e-8)


def test_beginnings_are_those_of_the_path_cut_short_and_go_on_where_they_were() -> None:
    steps = path().diff(dim=1)
    running = running_signature(steps, 4)
    for last in (1, 3, 8):
        close(running[:, last - 1], own(path()[:, : last + 1], 4))
    close(running_signature(steps[:, 5:], 4, running[:, 4]), running[:, 5:])


def test_a_path_has_the_same_bits_alone_and_among_others() -> None:
    assert torch.equal(own(path(rows=64), 4)[7], own(path(rows=64)[7], 4))


@pytest.mark.parametrize(("channels", "depth", "count"), [(3, 3, 14), (2, 5, 14), (4, 2, 10)])
def test_the_logarithm_has_a_term_for_each_lyndon_word(
    channels: int, depth: int, count: int
) -> None:
    terms = own(path(channels=channels), depth)
    assert log_signature(terms, channels, depth).shape == (4, count)
    assert len(lyndon_words(channels, depth)) == count


def test_lyndon_words_come_before_their_endings() -> None:
    assert [w for w in words(2, 3) if is_lyndon(w)] == [(0,), (1,), (0, 1), (0, 0, 1), (0, 1, 1)]


def test_the_logarithm_of_a_straight_line_is_its_step_and_of_two_levels_the_signed_area() -> None:
    line = torch.tensor([[0.0, 0.0], [2.0, 3.0]], dtype=torch.float64)
    close(tensor_log(own(line, 4), 2, 4)[2:], torch.zeros(28, dtype=torch.float64))
    terms = own(path(channels=2), 2)
    close(log_signature(terms, 2, 2)[:, 2], (terms[:, 3] - terms[:, 4]) / 2)


def test_the_exponential_of_the_logarithm_is_the_signature() -> None:
    terms = own(path(), 4)
    power = log = split_levels(tensor_log(terms, 3, 4), 3, 4)
    total = torch.cat(log, dim=-1)
    for order in range(2, 5):
        power = [
            sum(
                (outer(power[k - 1], log[level - k - 1]) for k in range(1, level)),
                start=torch.zeros_like(log[level - 1]),
            )
            for level in range(1, 5)
        ]
        total = total + torch.cat(power, dim=-1) / math.factorial(order)
    close(total, terms)


def test_gradients_are_right() -> None:
    given = path(5, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: own(x, 3), given)
    assert torch.autograd.gradcheck(lambda x: log_signature(own(x, 3), 2, 3), given)


def test_wrong_use_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="expected a depth of 1 or more, got 0"):
        signature(path(), 0)
    with pytest.raises(ModelError, match=r"at least two points.*got shape \(4, 1, 3\)"):
        signature(path()[:, :1], 2)
    with pytest.raises(ModelError, match="expected 12 terms for 3 channels to depth 2, got 5"):
        split_levels(torch.zeros(5), 3, 2)
    monkeypatch.setattr(signatures, "has_pysiglib", lambda: False)
    with pytest.raises(DependencyError, match=r"pip install 'halyard\[signatures\]'"):
        signature(path(), 2, "pysiglib")
    assert torch.equal(signature(path(), 2), own(path(), 2))
