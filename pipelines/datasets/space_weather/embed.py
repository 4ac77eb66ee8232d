"""Make the table that the package carries from files of space weather.

python -m pipelines.datasets.space_weather.embed FILE [FILE ...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np

from pipelines.datasets.space_weather.merge import check_gaps, merge
from pipelines.datasets.space_weather.readers import read_text
from pipelines.datasets.space_weather.table import EMBEDDED, rounded, write_table

#: What the embedded table was made from, and when that was retrieved.
SOURCE = "embedded (CelesTrak SW-All)"
RETRIEVED = np.datetime64("2025-07-21T00:00:00")


def embed(files: Sequence[Path], target: Path = EMBEDDED) -> None:
    """Merge the files, check that no day is missing, and write the table."""
    read = [read_text(path.read_text(), path.name).observed for path in files]
    merged = reduce(merge, read)
    check_gaps(merged)
    write_table(target, replace(rounded(merged), source=SOURCE, as_of=RETRIEVED))


if __name__ == "__main__":
    embed([Path(argument) for argument in sys.argv[1:]])
