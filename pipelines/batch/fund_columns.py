"""Which columns hold the months of funds, and the risk-free returns that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.contract import FloatArray, IntArray


@dataclass(frozen=True)
class FundColumns:
    """Which column plays which role; `year` where `month` is only the number of a month.

    risk_free  return of bills in the same month, decimal; None to take returns as excess
    """

    id: str
    month: str
    returns: str
    risk_free: str | None = None
    year: str | None = None

    @property
    def names(self) -> list[str]:
        """Columns to read."""
        named = (self.id, self.month, self.returns, self.risk_free, self.year)
        return list(dict.fromkeys(name for name in named if name is not None))


#: Of tables that Halyard itself makes.
PLAIN = FundColumns("id", "month", "return", "risk_free")


@dataclass(frozen=True)
class Rates:
    """Risk-free returns by month, decimal: those of a file.

    first   month of the first value, as `month_index`
    """

    first: int
    values: tuple[float, ...]

    def at(self, months: IntArray) -> FloatArray:
        """The rate of each month, NaN where there is none."""
        places = months - self.first
        inside = (places >= 0) & (places < len(self.values))
        values = np.asarray(self.values)
        return np.where(inside, values[np.where(inside, places, 0)], np.nan)
