"""Principal components of a stream of fields that does not fit into memory.

A randomised range finder with one power iteration (Halko, Martinsson and Tropp 2011,
algorithms 4.4 and 5.1, here on the covariance), which reads the stream three times: mean
and variance, range, eigenvectors. Memory is a few blocks and `cell × (rank + oversampling)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.errors import ConfigError, ModelError
from models.transforms.gaps import coefficients_of_gaps

#: More directions than the rank: what makes the leading ones accurate.
OVERSAMPLING = 15
#: Smallest variance of what the components leave out, per cell (log10 density squared).
MIN_RESIDUAL = 1e-10

#: Starts one pass over the fields, as blocks sample × cell.
Blocks = Callable[[], Iterable[FloatArray]]


@dataclass(frozen=True)
class PrincipalComponents:
    """field = mean + coefficients · basisᵀ + what is left out.

    mean      cell
    basis     cell × component, orthonormal columns, largest variance first
    variance  component: variance of each coefficient in the fields it was fitted on
    total     variance of the fields, over all cells
    residual  cell: variance of what the components leave out
    """

    mean: npt.NDArray[np.float32]
    basis: npt.NDArray[np.float32]
    variance: FloatArray
    total: float
    residual: npt.NDArray[np.float32]

    @property
    def rank(self) -> int:
        return int(self.basis.shape[1])

    @property
    def explained(self) -> FloatArray:
        """Share of the variance that the first 1, 2, ... components hold."""
        return np.asarray(np.cumsum(self.variance) / self.total)

    @classmethod
    def fit(
        cls,
        blocks: Blocks,
        *,
        rank: int | None = None,
        variance: float | None = None,
        max_rank: int = 40,
        seed: int = 0,
    ) -> Self:
        """Fit on a stream; the rank is given, or the smallest that explains `variance`.

        variance  share of the total, below 1; reached with at most `max_rank` components

        Raises ConfigError unless exactly one of rank and variance is given, and ModelError
        when a value is not finite or there are too few fields.
        """
        if (rank is None) == (variance is None):
            raise ConfigError("principal components: give either a rank or a share of variance")
        if variance is not None and not 0 < variance < 1:
            raise ConfigError(f"principal components: variance {variance} is not between 0 and 1")
        count, mean, spread = _moments(blocks)
        wanted = rank if rank is not None else max_rank
        if not 1 <= wanted < min(count, len(mean)):
            raise ModelError(
                f"principal components: rank {wanted} needs more than {wanted} fields and cells; "
                f"there are {count} fields of {len(mean)} cells"
            )
        width = min(wanted + OVERSAMPLING, len(mean), count)
        start = np.random.default_rng(seed).standard_normal((len(mean), width))
        directions, _ = np.linalg.qr(_times_covariance(blocks, mean, start, count))
        image = _times_covariance(blocks, mean, directions, count)
        values, vectors = np.linalg.eigh(_symmetric(directions.T @ image))
        order = np.argsort(values)[::-1]
        values, basis = values[order], (directions @ vectors[:, order])
        total = float(spread.sum())
        keep = wanted if variance is None else _enough(values, total, variance, max_rank)
        basis = _signed(basis[:, :keep])
        left = spread - (basis**2 * values[:keep]).sum(axis=1)
        return cls(
            mean.astype(np.float32),
            basis.astype(np.float32),
            values[:keep],
            total,
            np.maximum(left, MIN_RESIDUAL).astype(np.float32),
        )

    def project(self, fields: FloatArray) -> npt.NDArray[np.float32]:
        """Coefficients of fields: ... × cell -> ... × component."""
        centred = np.asarray(fields, dtype=np.float32) - self.mean
        return np.asarray(centred @ self.basis)

    def reconstruct(self, coefficients: FloatArray) -> npt.NDArray[np.float32]:
        """Fields of coefficients: ... × component -> ... × cell."""
        return np.asarray(coefficients.astype(np.float32) @ self.basis.T + self.mean)

    def encode(self, fields: FloatArray) -> npt.NDArray[np.float32]:
        """`project`, of fields that may have gaps (NaN) too: these are filled in by what the
        components say of the other cells. Raises ModelError for another number of cells, or a
        value that is infinite."""
        fields = np.asarray(fields, dtype=np.float32)
        if fields.shape[-1] != len(self.mean):
            raise ModelError(
                f"principal components: expected fields of {len(self.mean)} cells, got "
                f"{fields.shape[-1]}"
            )
        if np.isfinite(fields).all():
            return self.project(fields)
        if np.isinf(fields).any():
            row, cell = np.argwhere(np.isinf(fields.reshape(-1, len(self.mean))))[0]
            raise ModelError(
                f"principal components: expected finite numbers or NaN, got an infinite one in "
                f"field {row}, cell {cell}"
            )
        return coefficients_of_gaps(
            fields, self.mean, self.basis, self.variance, self.residual
        ).astype(np.float32)

    def decode(self, coefficients: FloatArray) -> npt.NDArray[np.float32]:
        """`reconstruct`: the name that every reducer has."""
        return self.reconstruct(coefficients)

    def jacobian(self, coefficients: FloatArray) -> npt.NDArray[np.float32]:
        """Derivative of `decode`, ... × component -> ... × cell × component: the same
        everywhere."""
        return np.broadcast_to(self.basis, (*coefficients.shape[:-1], *self.basis.shape))

    def truncated(self, rank: int) -> PrincipalComponents:
        """The same with fewer components. Raises ConfigError when there are not as many."""
        if not 1 <= rank <= self.rank:
            raise ConfigError(f"rank: expected 1 to {self.rank}, got {rank}")
        dropped = (self.basis[:, rank:] ** 2 * self.variance[rank:]).sum(axis=1)
        residual = (self.residual + dropped).astype(np.float32)
        basis, variance = self.basis[:, :rank], self.variance[:rank]
        return PrincipalComponents(self.mean, basis, variance, self.total, residual)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """By name, as they are stored with a model."""
        return {
            "mean": self.mean,
            "basis": np.ascontiguousarray(self.basis),
            "variance": self.variance,
            "total": np.array([self.total]),
            "residual": self.residual,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Inverse of `arrays`."""
        return cls(
            arrays["mean"],
            arrays["basis"],
            arrays["variance"],
            float(arrays["total"][0]),
            arrays["residual"],
        )


def _moments(blocks: Blocks) -> tuple[int, FloatArray, FloatArray]:
    """Number of fields, mean and variance of each cell."""
    count, total, squares, shift = 0, np.zeros(0), np.zeros(0), np.zeros(0)
    for block in blocks():
        if not np.isfinite(block).all():
            raise ModelError("principal components: a field holds a value that is not finite")
        if not count:
            # Variance about a typical field: the squares of densities' logarithms are large.
            shift = block[0].astype(np.float64)
            total, squares = np.zeros_like(shift), np.zeros_like(shift)
        centred = block - shift
        total += centred.sum(axis=0)
        squares += np.einsum("ij,ij->j", centred, centred)
        count += len(block)
    if not count:
        raise ModelError("principal components: there are no fields")
    mean = total / count
    return count, shift + mean, np.maximum(squares / count - mean**2, 0.0)


def _times_covariance(
    blocks: Blocks, mean: FloatArray, directions: FloatArray, count: int
) -> FloatArray:
    """Covariance of the fields times some directions, cell × direction."""
    out = np.zeros(directions.shape)
    centre, narrow = mean.astype(np.float32), directions.astype(np.float32)
    for block in blocks():
        centred = np.asarray(block, dtype=np.float32) - centre
        out += centred.T @ (centred @ narrow)
    return out / count


def _symmetric(matrix: FloatArray) -> FloatArray:
    return np.asarray((matrix + matrix.T) / 2)


def _enough(values: FloatArray, total: float, variance: float, max_rank: int) -> int:
    reached = np.cumsum(values) / total >= variance
    return min(int(np.argmax(reached)) + 1 if reached.any() else max_rank, max_rank)


def _signed(basis: FloatArray) -> FloatArray:
    """Eigenvectors have no sign; let the sum of each be positive, so that runs agree."""
    return np.asarray(basis * np.where(basis.sum(axis=0) < 0, -1.0, 1.0))
