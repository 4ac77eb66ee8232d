"""Months as whole numbers, so that they can be added and compared."""

from __future__ import annotations


def month_index(text: str) -> int:
    """Months since year 0 of "2015-01" or "2015-01-31"."""
    return 12 * int(text[:4]) + int(text[5:7]) - 1


def month_label(index: int) -> str:
    """Undo `month_index`."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"
