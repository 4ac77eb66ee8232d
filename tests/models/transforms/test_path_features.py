"""Windows as paths: what time, a base point and a lagging copy bring back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from models.errors import ConfigError, ModelError
from models.transforms import path_features as module
from models.transforms.path_features import (
    PathKind,
    lead_lag,
    path_features,
    path_of,
    window_features,
)
from models.transforms.signatures import signature

BARE = {"clock": False, "base_point": False}


def values(rows: int = 4, times: int = 8, channels: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, times, channels, generator=generator, dtype=torch.float64)


def test_a_bare_path_is_the_window_itself() -> None:
    assert torch.equal(path_of(values(), PathKind(**BARE)), values())  # type: ignore[arg-type]


def test_time_comes_first_and_runs_from_zero_to_one_or_as_told() -> None:
    kind = PathKind(base_point=False)
    assert path_of(values(times=5), kind)[0, :, 0].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    told = torch.tensor([0.0, 0.5, 0.6], dtype=torch.float64).expand(4, 3)
    assert path_of(values(times=3), kind, told)[2, :, 0].tolist() == [0.0, 0.5, 0.6]


def test_with_a_base_point_the_first_level_is_the_newest_point_else_the_change() -> None:
    kind = {"depth": 1, "clock": False}
    based = path_features(values(), PathKind(**kind))  # type: ignore[arg-type]
    free = path_features(values(), PathKind(base_point=False, **kind))  # type: ignore[arg-type]
    torch.testing.assert_close(based, values()[:, -1])
    torch.testing.assert_close(free, values()[:, -1] - values()[:, 0])


def test_leading_and_lagging_channels_move_in_turn() -> None:
    path = torch.tensor([[0.0], [1.0], [3.0]])
    assert lead_lag(path).tolist() == [[0, 0], [1, 0], [1, 1], [3, 1], [3, 3]]
    with_time = torch.tensor([[0.0, 5.0], [1.0, 6.0]])
    assert lead_lag(with_time, once=1).tolist() == [[0, 5, 5], [1, 6, 5], [1, 6, 6]]


def test_the_second_level_of_a_lead_lag_path_holds_the_squared_steps() -> None:
    terms = signature(lead_lag(values(channels=1)), 2)
    squares = values(channels=1).diff(dim=1).square().sum(dim=(1, 2))
    torch.testing.assert_close(terms[:, 3] - terms[:, 4], squares, rtol=1e-12, atol=1e-12)


def test_the_sharpe_ratio_of_a_window_is_a_function_of_its_lead_lag_signature() -> None:
    returns = 0.01 + 0.05 * values(rows=500, times=36, channels=1)
    kind = PathKind(depth=2, clock=False, lead_lag=True)
    terms = path_features(returns.cumsum(dim=1), kind)
    mean = terms[:, 0] / 36
    variance = (terms[:, 3] - terms[:, 4] - 36 * mean**2) / 35
    expected = returns.mean(dim=1) / returns.std(dim=1)
    torch.testing.assert_close(mean / variance.sqrt(), expected[:, 0], rtol=1e-10, atol=1e-10)


def test_dyadic_features_are_those_of_the_whole_its_halves_and_its_quarters() -> None:
    kind = {"depth": 2, "clock": False}
    found = path_features(values(), PathKind(dyadic=3, **kind))  # type: ignore[arg-type]
    path = path_of(values(), PathKind(**kind))  # type: ignore[arg-type]
    pieces = [(0, 8), (0, 4), (4, 8), (0, 2), (2, 4), (4, 6), (6, 8)]
    expected = [signature(path[:, a : b + 1], 2) for a, b in pieces]
    torch.testing.assert_close(found, torch.cat(expected, dim=-1))


@pytest.mark.parametrize(
    "settings", [{}, {"log": True}, {"lead_lag": True}, {"dyadic": 2, "log": True}, BARE]
)
def test_there_is_one_name_for_every_feature(settings: dict[str, Any]) -> None:
    kind = PathKind(**settings)
    names = kind.names(["ret", "vol"])
    assert len(set(names)) == len(names) == kind.width(2) == path_features(values(), kind).shape[1]


def test_names_tell_the_channels_of_a_word_and_the_piece() -> None:
    plain = PathKind(depth=2, clock=False).names(["a", "b"])
    assert plain == ["sig.a", "sig.b", "sig.a.a", "sig.a.b", "sig.b.a", "sig.b.b"]
    assert PathKind(depth=2, log=True).names(["a"]) == ["logsig.time", "logsig.a", "logsig.time.a"]
    assert PathKind(depth=1, lead_lag=True, clock=False).names(["a"]) == ["sig.lead_a", "sig.lag_a"]
    pieces = PathKind(depth=1, clock=False, dyadic=2).names(["a"])
    assert pieces == ["sig.a", "sig1of2.a", "sig2of2.a"]


def test_many_windows_are_worked_on_in_pieces_and_give_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = values(rows=30).numpy()
    clock = np.linspace(0.0, 0.5, 8) * np.ones((30, 1))
    whole = window_features(given, PathKind(), clock)
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    assert np.array_equal(window_features(given, PathKind(), clock), whole)
    assert window_features(given[:0], PathKind()).shape == (0, PathKind().width(2))


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ConfigError, match="dyadic: expected 1 or more, got 0"):
        PathKind(dyadic=0)
    with pytest.raises(
        ConfigError, match="expected at most 20000; take fewer channels or less depth"
    ):
        PathKind(depth=4).width(40)
    with pytest.raises(ModelError, match="at least 5 points for 4 pieces, got 3"):
        path_features(values(times=2), PathKind(dyadic=3))
