"""The memory that is allowed decides how many rows and workers there are."""

from __future__ import annotations

import pytest

from models.errors import ConfigError
from pipelines.batch.fund_opening import DEMAND
from pipelines.batch.memory import FEWEST_ROWS, MAIN_MB, MEMORY_MB, Demand, fit

SMALL = Demand(worker_mb=100, row_bytes=1000, most_rows=500_000)


def test_rows_fill_what_the_models_leave() -> None:
    # Two workers share 1170 - 170 = 1000 MB: 500 each, less 100 of the model, is 400 MB.
    assert fit(SMALL, MAIN_MB + 1000, 2) == (2, 400_000)


def test_workers_are_fewer_where_they_do_not_fit() -> None:
    # Of 250 MB, two would have 25 MB of rows each, three less than the 20 that are needed.
    assert fit(SMALL, MAIN_MB + 250, 3) == (2, 25_000)


def test_a_shard_never_has_more_rows_than_are_worth_it() -> None:
    assert fit(SMALL, 100_000, 1) == (1, SMALL.most_rows)


def test_too_little_memory_is_told_with_what_is_needed() -> None:
    with pytest.raises(ConfigError, match=r"--memory-mb: expected at least 290 .*, got 289"):
        fit(SMALL, 289, 4)
    assert fit(SMALL, 290, 4) == (1, 20_000)


def test_two_workers_forecast_funds_within_the_usual_memory() -> None:
    workers, rows = fit(DEMAND, MEMORY_MB, 2)
    assert workers == 2
    assert rows > FEWEST_ROWS
