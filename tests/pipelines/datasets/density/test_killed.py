"""A run that is killed outright loses one month at most, and the next goes on to the same end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.manifest import Manifest
from pipelines.datasets.density.msis_source import MsisSource
from pipelines.environment import process_environment
from tests.pipelines.datasets.density.made import TINY, hour, some_drivers

FIRST, LAST = hour("2003-01-01T00"), hour("2003-12-31T23")
#: Pieces of 96 hours in January.
PER_MONTH = 8
SCRIPT = """
import sys
from pathlib import Path
from pipelines.datasets.density.generate import generate_snapshots
from tests.pipelines.datasets.density.test_killed import FIRST, LAST, source

def told(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    generate_snapshots(source(), FIRST, LAST, Path(sys.argv[1]), workers=2, progress=told)
"""


def source() -> MsisSource:
    return MsisSource(TINY, some_drivers(FIRST, 365 * 24))


def run_until_killed(out: Path, pieces: int) -> int:
    """Start a run with two workers, kill all of it after so many pieces; how many it told."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out)],
        env=process_environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        last = 0
        for line in run.stdout:
            last = int(line)
            if last == pieces:
                os.killpg(run.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
    return last


def test_a_killed_run_loses_a_month_at_most_and_ends_as_if_undisturbed(tmp_path: Path) -> None:
    out = tmp_path / "killed"
    told = run_until_killed(out, 3 * PER_MONTH + 2)
    kept = Manifest.read(out).chunks
    assert told // PER_MONTH - 1 <= len(kept) < 12
    assert len(kept) >= 2
    written = {chunk.file: (out / chunk.file).stat().st_mtime_ns for chunk in kept}

    resumed = generate_snapshots(source(), FIRST, LAST, out)
    undisturbed = generate_snapshots(source(), FIRST, LAST, tmp_path / "whole")

    assert {name: (out / name).stat().st_mtime_ns for name in written} == written
    assert resumed.data_hash == undisturbed.data_hash
    assert np.array_equal(resumed.read(FIRST, LAST), undisturbed.read(FIRST, LAST))
    assert {path.name for path in out.iterdir()} == {
        path.name for path in (tmp_path / "whole").iterdir()
    }
