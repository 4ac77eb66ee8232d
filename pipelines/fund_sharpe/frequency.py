"""Batches and files of funds are monthly."""

from __future__ import annotations

from models.errors import ConfigError


def refuse_other_than_monthly(whose: str, periods_per_year: int) -> None:
    """Raise ConfigError unless there are twelve periods a year; `whose` says who has them."""
    if periods_per_year != 12:
        raise ConfigError(
            f"expected 12 periods a year, {whose} {periods_per_year}; forecasts of files are "
            "made from monthly returns, so give monthly data and a monthly model"
        )
