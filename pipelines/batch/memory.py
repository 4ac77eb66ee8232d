"""How many processes and how many rows at a time fit into the memory that a run may take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.errors import ConfigError

#: What all processes of a run may take together, unless told otherwise.
MEMORY_MB = 1500
#: The first process, which only plans and keeps records.
MAIN_MB = 170
#: Rows below which a shard costs more in files than in work.
FEWEST_ROWS = 20_000


@dataclass(frozen=True)
class Demand:
    """What one process needs.

    worker_mb     a loaded model, and what it needs for any number of rows
    row_bytes     for each row of a shard, at the worst moment
    most_rows     rows of a shard above which nothing is gained
    """

    worker_mb: float
    row_bytes: float
    most_rows: int


def fit(demand: Demand, memory_mb: int, workers: int) -> tuple[int, int]:
    """Number of workers, at most those wanted, and rows per shard.

    Raises ConfigError when not even one worker fits.
    """
    for count in range(workers, 0, -1):
        room = (memory_mb - MAIN_MB) / count - demand.worker_mb
        rows = int(room * 1e6 / demand.row_bytes)
        if rows >= FEWEST_ROWS:
            return count, min(rows, demand.most_rows)
    least = MAIN_MB + demand.worker_mb + FEWEST_ROWS * demand.row_bytes / 1e6
    raise ConfigError(
        f"--memory-mb: expected at least {math.ceil(least)} for this model, got {memory_mb}"
    )
