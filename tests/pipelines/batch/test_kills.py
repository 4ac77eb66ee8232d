"""SIGKILL at any moment loses nothing and doubles nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import registry
from tests.pipelines.batch.funds import long_rows, store_model
from tests.pipelines.batch.killed import run_killed
from tests.pipelines.batch.test_run import content

#: A run of 40 pieces by two workers, resumed where there is something to resume.
TOY = """
import sys
from pathlib import Path
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.run import run_batch
from pipelines.batch.sinks import file_sink
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares

if __name__ == "__main__":
    sink = file_sink(Path(sys.argv[1]), resume=True)
    job, source = Squares(bad=4, pause=0.02), Numbers(120, 3)
    run_batch(job, source, sink, LocalEngine(), resume=True, created_at=MOMENT)
"""


def parts(folder: Path) -> int:
    """Finished pieces, wherever they are kept until the end."""
    return len(list(folder.rglob("part-*.parquet")))


@pytest.mark.parametrize(("name", "seed"), [("out", 1), ("all.csv", 2)])
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(
    name: str, seed: int, tmp_path: Path
) -> None:
    script = tmp_path / "toy.py"
    script.write_text(TOY)
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    assert run_killed([str(script), str(folders[0] / name)], 0, seed, 0.0) == (0, 0)
    code, killed = run_killed(
        [str(script), str(folders[1] / name)], 3, seed, 0.1, progress=lambda: parts(folders[1])
    )
    assert code == 0
    assert killed == 3
    assert content(folders[1]) == content(folders[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(folder))
        registry.promote(store_model())
        yield folder


@pytest.mark.slow
@pytest.mark.parametrize("by_month", [False, True], ids=["together", "scattered"])
def test_the_command_that_forecasts_funds_survives_ten_kills(
    home: Path, tmp_path: Path, by_month: bool
) -> None:
    rows = long_rows(400)
    if by_month:
        rows = rows.sort("month", maintain_order=True)
    rows.write_ipc(tmp_path / "funds.arrow")
    words = ["-m", "service.cli", "forecast", "fund-sharpe", "--resume"]
    words += ["--input", str(tmp_path / "funds.arrow"), "--memory-mb", "1320"]
    words += ["--created-at", "2024-01-31T06:00:00"]
    environment = {**os.environ, "HALYARD_HOME": str(home)}
    outputs = [tmp_path / "whole", tmp_path / "killed"]
    first = [*words, "--output", str(outputs[0])]
    assert run_killed(first, 0, 0, 0.0, environment) == (0, 0)
    code, killed = run_killed(
        [*words, "--output", str(outputs[1])],
        10,
        7,
        8.0,
        environment,
        progress=lambda: int((outputs[1] / "_plan.json").exists()),
    )
    assert code == 0
    assert killed >= 1
    assert content(outputs[1]) == content(outputs[0])
