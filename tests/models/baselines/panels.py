"""Small windows whose numbers can be worked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.contract import FloatArray, Windows


def windows_of(
    history: Sequence[Sequence[float]],
    horizons: Sequence[int] = (1,),
    lookback: int = 2,
    known: Mapping[str, Sequence[Sequence[float]]] | None = None,
) -> Windows:
    """Every origin from `lookback - 1` on, series by series; outcomes are the history itself.

    known   name -> series × time, the same for every lead
    """
    values = np.asarray(history, dtype=float)
    count, times = values.shape
    series = np.repeat(np.arange(count), times - lookback + 1)
    origin = np.tile(np.arange(lookback - 1, times), count)
    ahead = np.pad(values, ((0, 0), (0, max(horizons))), constant_values=np.nan)
    columns = [np.asarray(table, dtype=float)[series, origin] for table in (known or {}).values()]
    features = np.stack(columns, axis=1) if columns else np.empty((len(series), 0))
    return Windows(
        channels=np.nan_to_num(values)[..., None].astype(np.float32),
        history=values,
        series=series,
        origin=origin,
        known=np.repeat(features[:, None], len(horizons), axis=1).astype(np.float32),
        target=np.stack([ahead[series, origin + h] for h in horizons], axis=1),
        leads=tuple(f"value_{h}" for h in horizons),
        horizons=tuple(horizons),
        lookback=lookback,
        known_names=tuple(known or ()),
    )


def random_windows(seed: int = 0, times: int = 40, horizons: Sequence[int] = (1, 3)) -> Windows:
    """Five series that return to their own means, with gaps and the funds' known features."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(5, times)) + generator.normal(size=(5, 1))
    names = ("last", "mean", "lag", "cross_mean", "known_mean", "known_std", "known_ratio")
    known = {name: generator.normal(size=values.shape) for name in (*names, "vol_24", "sharpe_36")}
    values[1, 10:14] = np.nan
    return windows_of(values.tolist(), horizons, 4, {k: v.tolist() for k, v in known.items()})


def no_rows(windows: Windows) -> Windows:
    return windows.select(np.arange(0))


def at_origin(windows: Windows, series: int, origin: int) -> Windows:
    """The single row of one series at one time."""
    return windows.select((windows.series == series) & (windows.origin == origin))


def with_future_changed(windows: Windows, origin: int) -> Windows:
    """The same rows, every history value after `origin` changed; targets too."""
    later = np.arange(windows.history.shape[1]) > origin
    history: FloatArray = np.where(later, 99.0, windows.history)
    return replace(windows, history=history, target=windows.target + 7.0)
