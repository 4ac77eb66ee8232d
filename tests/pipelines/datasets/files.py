"""Small files of funds, written where a test says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.datasets.reading import Observations, read_observations

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "funds"
MONTHS = tuple(f"2013-{month:02d}" for month in range(1, 13))


def write(folder: Path, text: str | bytes, name: str = "funds.csv") -> Path:
    """Write a file and return its path."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def long_csv(values: Sequence[object], fund: str = "A", value: str = "ret") -> str:
    """A long file of one fund, one value a month from 2013-01 on."""
    rows = "".join(f"{fund},{month},{x}\n" for month, x in zip(MONTHS, values, strict=False))
    return f"fund,month,{value}\n{rows}"


def wide_csv(**series: Sequence[object]) -> str:
    """A wide file, one column a fund."""
    rows = zip(MONTHS, *series.values(), strict=False)
    lines = [",".join(["month", *series]), *(",".join(map(str, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def observed(folder: Path, text: str | bytes, **options: object) -> Observations:
    """Observations of a file with this text."""
    return read_observations(write(folder, text), **options)  # type: ignore[arg-type]


def shared(name: str) -> Path:
    """A real file, or a skipped test where it is absent."""
    file = SHARED / name
    if not file.is_file():
        pytest.skip(f"{name} is not on this machine")
    return file
