"""The same shards on a real Ray, started here: the same bytes, also when workers are killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import DataError, DependencyError
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.ray_engine import RayEngine, _Actor
from pipelines.batch.run import run_batch
from pipelines.batch.sinks import ParquetFolder
from pipelines.batch.work import Work
from tests.pipelines.batch.killed import run_killed
from tests.pipelines.batch.test_run import content
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares

if os.environ.get("HALYARD_CI") != "1":
    pytest.importorskip("ray", reason="Ray is not installed")


#: Ninety numbers on a Ray of its own, resumed where there is something to resume.
TOY = """
import sys
from pathlib import Path
from pipelines.batch.ray_engine import RayEngine
from pipelines.batch.run import run_batch
from pipelines.batch.sinks import ParquetFolder
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares

sink, job = ParquetFolder(Path(sys.argv[1])), Squares(bad=4, pause=0.2)
run_batch(job, Numbers(90, 3), sink, RayEngine(), workers=2, resume=True, created_at=MOMENT)
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of one node with two cores: starting one takes most of a test's time."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    yield cluster.address
    cluster.shutdown()


def run(engine: LocalEngine | RayEngine, out: Path, job: Squares) -> dict[str, str]:
    run_batch(job, Numbers(30, 3), ParquetFolder(out), engine, workers=2, created_at=MOMENT)
    return content(out)


def test_a_cluster_gives_the_same_bytes_though_its_worker_is_killed(
    address: str, tmp_path: Path
) -> None:
    plain = run(LocalEngine(), tmp_path / "local", Squares(bad=4))
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    on_ray = run(RayEngine(address), tmp_path / "ray", Squares(bad=4, die=deaths, pause=0.05))
    assert (deaths / "dead").exists()
    assert on_ray == plain


def test_what_a_worker_raises_is_raised_here(address: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="numbers: expected other ones"):
        run(RayEngine(address), tmp_path / "ray", Squares(fault=True))


def test_a_shard_that_costs_every_worker_ends_the_run(address: str, tmp_path: Path) -> None:
    fatal = Squares(die=tmp_path, always=True)
    with pytest.raises(DependencyError, match=r"part-0.*was lost 4 times .*--resume$") as told:
        run(RayEngine(address), tmp_path / "ray", fatal)
    assert "\n" not in str(told.value)


def test_a_worker_opens_its_job_once_and_keeps_what_a_shard_gave(tmp_path: Path) -> None:
    opened: list[str] = []

    class Opened(Squares):
        def open(self) -> None:
            opened.append(self.version)

    actor = _Actor(Work(Opened(), Numbers(4, 3), ParquetFolder(tmp_path), MOMENT))
    assert [actor.do(shard).rows for shard in Numbers(4, 3).shards()] == [3, 1]
    assert opened == ["1"]


def test_a_cluster_of_another_kind_of_address_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="no cluster at nonsense") as told:
        run(RayEngine("nonsense"), tmp_path / "ray", Squares())
    assert "\n" not in str(told.value)


def test_a_machine_without_ray_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyError, match=r"pip install 'halyard\[cluster\]'"):
        run(RayEngine(), tmp_path / "ray", Squares())


def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match=r"no cluster at 127\.0\.0\.1:1") as told:
        run(RayEngine("127.0.0.1:1"), tmp_path / "ray", Squares())
    assert "\n" not in str(told.value)


@pytest.mark.slow
def test_a_node_that_goes_away_is_survived(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        lost = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        removed: list[int] = []

        def remove(done: int, _total: int) -> None:
            if done >= 15 and not removed:
                removed.append(done)
                cluster.remove_node(lost, allow_graceful=False)

        run_batch(
            Squares(bad=4, pause=0.3),
            Numbers(60, 3),
            ParquetFolder(tmp_path / "ray"),
            RayEngine(cluster.address),
            workers=2,
            created_at=MOMENT,
            progress=remove,
        )
        assert removed
    finally:
        cluster.shutdown()
    run_batch(
        Squares(bad=4, pause=0.3),
        Numbers(60, 3),
        ParquetFolder(tmp_path / "local"),
        LocalEngine(),
        workers=1,
        created_at=MOMENT,
    )
    assert content(tmp_path / "ray") == content(tmp_path / "local")


@pytest.mark.slow
def test_a_run_on_ray_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    script, out = tmp_path / "toy.py", tmp_path / "ray"
    script.write_text(TOY)

    def parts() -> int:
        return len(list(out.glob("part-*.parquet")))

    assert run_killed([str(script), str(out)], 2, 5, 0.5, progress=parts) == (0, 2)
    run_batch(
        Squares(bad=4),
        Numbers(90, 3),
        ParquetFolder(tmp_path / "local"),
        LocalEngine(),
        workers=1,
        created_at=MOMENT,
    )
    assert content(out) == content(tmp_path / "local")
