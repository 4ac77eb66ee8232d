"""Streaming through a store needs the memory of a block, not of the store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.emulators.grid import Grid
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.environment import process_environment
from tests.pipelines.datasets.density.made import CountingSource, hour

#: Megabytes of a field of the default grid.
FIELD = 24 * 20 * 16 * 4 / 1e6
SCRIPT = """
import resource, sys
from pipelines.datasets.density.store import SnapshotStore

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

store = SnapshotStore.open(sys.argv[1])
store.read(store.first, store.first)
before = peak()
hours = sum(len(times) for times, _ in store.iterate(168))
print(hours, peak() - before)
"""


@pytest.mark.slow
def test_a_pass_over_fields_needs_little_more_than_two_blocks(tmp_path: Path) -> None:
    first, last = hour("2003-01-01T00"), hour("2003-09-30T23")
    source = CountingSource(Grid.regular())
    generate_snapshots(source, first, last, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env=process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    hours, grown = done.stdout.split()
    assert int(hours) == 273 * 24
    assert float(grown) < 4 * 168 * FIELD
    assert float(grown) < 0.2 * 273 * 24 * FIELD
