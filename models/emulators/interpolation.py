"""The components of a field at any point, smoothly, from their values on a grid.

The grid is refined once by cubic splines, then every query is linear in the eight corners
around it: local time is periodic, a meridian goes on behind the pole at the opposite local
time, and heights are log-linear because the fields are logarithms. One query costs a few
hundred nanoseconds. Density falls so fast from 100 to 130 km that linear steps between levels
of 23 km would err by 16 % there; four spline steps for each leave 4 %, and 0.04 % above 200 km.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.interpolate import CubicSpline

from models.contract import FloatArray
from models.emulators.grid import Grid
from models.errors import ModelError

#: Steps of the refined table per step of the grid.
FINER_LOCAL_TIME, FINER_HEIGHT = 3, 4
#: Degrees between latitudes of the refined table.
LATITUDE_STEP = 3.0
#: Latitudes of the other side of a pole that a spline reads.
_BEHIND_POLE = 4


@dataclass(frozen=True)
class FieldTable:
    """Columns on a refined grid.

    values      (local time · latitude · height) × column
    shape       refined local times, latitudes, heights
    height      refined heights, km
    """

    values: torch.Tensor
    shape: tuple[int, int, int]
    height: torch.Tensor

    @classmethod
    def refine(cls, grid: Grid, columns: FloatArray) -> FieldTable:
        """Refine columns given on the cells of a grid, cell × column."""
        heights = _subdivided(np.asarray(grid.height), FINER_HEIGHT)
        count = columns.shape[1]
        # A few columns at a time: splines of all need ten times the memory of the table.
        parts = [_refined(grid, heights, part) for part in np.array_split(columns, count, axis=1)]
        shape = parts[0].shape[:3]
        flat = np.concatenate([part.reshape(-1, part.shape[-1]) for part in parts], axis=1)
        return cls(torch.from_numpy(flat), shape, torch.from_numpy(heights))

    def at(self, local_time: FloatArray, latitude: FloatArray, height: FloatArray) -> torch.Tensor:
        """The columns at points, point × column, float32.

        local_time  hours, any number (periodic)
        latitude    degrees, -90 to 90
        height      km, within the table's heights

        Raises ModelError for a point that is not finite or outside the table.
        """
        self._check(latitude, height)
        longitudes, latitudes, heights = self.shape
        x = torch.from_numpy(np.asarray(local_time, np.float64) * (longitudes / 24.0))
        y = torch.from_numpy((np.asarray(latitude, np.float64) + 90.0) / LATITUDE_STEP)
        z, levels = torch.from_numpy(np.array(height, np.float64)), self.height.numpy()
        column, row = x.floor(), y.floor().clamp(0, latitudes - 2)
        below = np.searchsorted(levels, height, side="right") - 1
        level = torch.from_numpy(np.clip(below, 0, heights - 2))
        low = self.height[level]
        up = ((z - low) / (self.height[level + 1] - low)).float()
        east, north = (x - column).float(), (y - row).float()
        west_cell = column.long() % longitudes
        first = (west_cell * latitudes + row.long()) * heights + level
        turn = ((west_cell + 1) % longitudes - west_cell) * latitudes * heights
        corners = torch.stack([first, first + 1, first + heights, first + heights + 1], dim=1)
        corners = torch.cat([corners, corners + turn[:, None]], dim=1)
        weights = _weights(east, north, up)
        return torch.nn.functional.embedding_bag(
            corners, self.values, per_sample_weights=weights, mode="sum"
        )

    def _check(self, latitude: FloatArray, height: FloatArray) -> None:
        low, high = float(self.height[0]), float(self.height[-1])
        inside = (height >= low) & (height <= high)
        if not np.all(inside):
            first = int(np.argmin(inside))
            raise ModelError(
                f"height {height[first]:g} km of point {first}: expected {low:g} to {high:g} km, "
                "the heights of the emulator"
            )
        if not np.all(np.abs(latitude) <= 90.0):
            first = int(np.argmin(np.abs(latitude) <= 90.0))
            raise ModelError(
                f"latitude {latitude[first]:g} of point {first}: expected -90 to 90 degrees"
            )


def _refined(
    grid: Grid, heights: npt.NDArray[np.float64], columns: FloatArray
) -> npt.NDArray[np.float32]:
    """Columns on the refined grid, local time × latitude × height × column."""
    values: FloatArray = columns.reshape(*grid.shape, -1).astype(np.float64)
    values = _finer_local_times(_finer_latitudes(np.asarray(grid.latitude), values))
    return np.asarray(CubicSpline(grid.height, values, axis=2)(heights), dtype=np.float32)


def _weights(east: torch.Tensor, north: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """Weights of the corners in the order of `FieldTable.at`, point × 8."""
    south, down = 1 - north, 1 - up
    corners = [south * down, south * up, north * down, north * up]
    west = 1 - east
    return torch.stack([west * c for c in corners] + [east * c for c in corners], dim=1)


def _finer_latitudes(latitude: npt.NDArray[np.float64], values: FloatArray) -> FloatArray:
    """Interpolate along meridians that go on behind both poles, to even steps pole to pole."""
    local_times = values.shape[0]
    opposite = np.roll(values, local_times // 2, axis=0)
    if local_times % 2:
        opposite = (opposite + np.roll(values, local_times // 2 + 1, axis=0)) / 2
    behind = min(_BEHIND_POLE, len(latitude) - 1)
    # A grid that has the pole itself must not repeat it.
    skip = 1 if latitude[-1] == 90.0 else 0
    south = slice(skip, skip + behind)
    north = slice(len(latitude) - skip - behind, len(latitude) - skip)
    where = np.concatenate(
        [-180.0 - latitude[south][::-1], latitude, 180.0 - latitude[north][::-1]]
    )
    whole = np.concatenate(
        [opposite[:, south][:, ::-1], values, opposite[:, north][:, ::-1]], axis=1
    )
    fine = np.arange(-90.0, 90.0 + LATITUDE_STEP / 2, LATITUDE_STEP)
    return np.asarray(CubicSpline(where, whole, axis=1)(fine))


def _finer_local_times(values: FloatArray) -> FloatArray:
    count = values.shape[0]
    closed = np.concatenate([values, values[:1]])
    spline = CubicSpline(np.arange(count + 1), closed, axis=0, bc_type="periodic")
    return np.asarray(spline(np.arange(count * FINER_LOCAL_TIME) / FINER_LOCAL_TIME))


def _subdivided(height: npt.NDArray[np.float64], parts: int) -> npt.NDArray[np.float64]:
    index = np.arange((len(height) - 1) * parts + 1) / parts
    return np.asarray(np.interp(index, np.arange(len(height)), height))
