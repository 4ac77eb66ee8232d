"""A run keeps what is done, goes on where it stopped, and doubles nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from models.errors import ConfigError, DataError, DependencyError
from pipelines.atomic import write_text
from pipelines.batch.contract import Sink
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.records import Records
from pipelines.batch.run import Summary, run_batch
from pipelines.batch.sinks import OneFile, ParquetFolder, file_sink
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares


def run(
    sink: Sink, job: Squares | None = None, source: Numbers | None = None, **more: Any
) -> Summary:
    given = {"workers": 1, "created_at": MOMENT, **more}
    return run_batch(job or Squares(), source or Numbers(), sink, LocalEngine(), **given)


def content(folder: Path) -> dict[str, str]:
    """Checksum of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def interrupt(sink: Sink, after: int, **more: Any) -> None:
    """Run until so many shards are done, then end as a crash would."""

    def stop(done: int, _total: int) -> None:
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(sink, progress=stop, **more)


def test_a_folder_holds_parts_in_order_rejects_apart_and_a_manifest(tmp_path: Path) -> None:
    summary = run(ParquetFolder(tmp_path / "out"), Squares(bad=4))
    assert (summary.rows, summary.rejects, summary.shards, summary.before) == (9, 1, 4, 0)
    assert summary.reasons == {"expected another number": 1}
    assert set(content(tmp_path / "out")) == {
        *(f"part-00000{i}.parquet" for i in range(4)),
        "rejects/part-000001.parquet",
        "_manifest.json",
    }
    table = pl.read_parquet(tmp_path / "out/*.parquet")
    assert table["square"].to_list() == [0, 1, 4, 9, 25, 36, 49, 64, 81]
    assert table["created_at"].unique().to_list() == [MOMENT]
    assert pl.read_parquet(tmp_path / "out/rejects/*.parquet").rows() == [
        ("number 4", "4", "expected another number, got 4")
    ]


def test_duckdb_reads_the_folder(tmp_path: Path) -> None:
    run(ParquetFolder(tmp_path / "out"))
    query = f"SELECT count(*), max(square) FROM '{tmp_path}/out/*.parquet'"
    assert duckdb.sql(query).fetchall() == [(10, 81.0)]


def test_the_manifest_tells_what_was_planned_and_the_checksum_of_every_file(tmp_path: Path) -> None:
    run(ParquetFolder(tmp_path / "out"))
    manifest = json.loads((tmp_path / "out/_manifest.json").read_text())
    assert manifest["plan"]["job"] == {"model": "squares", "version": "1"}
    assert manifest["rows"] == 10
    digests = {name: d for shard in manifest["shards"] for name, d in shard["digests"].items()}
    found = content(tmp_path / "out")
    assert digests == {name: found[name] for name in digests}


@pytest.mark.parametrize("after", [0, 3, 9, 10])
def test_a_resumed_run_ends_with_the_bytes_of_an_undisturbed_one(
    tmp_path: Path, after: int
) -> None:
    run(ParquetFolder(tmp_path / "whole"), Squares(bad=7))
    broken = ParquetFolder(tmp_path / "broken")
    interrupt(broken, after, job=Squares(bad=7))
    # A crash in the middle of a write leaves such files.
    (tmp_path / "broken/.part-000003.parquet.abc123").write_bytes(b"half")
    summary = run(broken, Squares(bad=7), resume=True, created_at=None)
    assert summary.before == -(-after // 3)
    assert content(tmp_path / "broken") == content(tmp_path / "whole")


def test_a_part_that_was_changed_is_made_again(tmp_path: Path) -> None:
    run(ParquetFolder(tmp_path / "whole"))
    broken = ParquetFolder(tmp_path / "broken")
    interrupt(broken, 6)
    (tmp_path / "broken/part-000000.parquet").write_bytes(b"damaged")
    assert run(broken, resume=True).before == 1
    assert content(tmp_path / "broken") == content(tmp_path / "whole")


def test_an_unfinished_run_is_not_started_again_without_being_asked_to(tmp_path: Path) -> None:
    sink = ParquetFolder(tmp_path / "out")
    interrupt(sink, 6)
    with pytest.raises(ConfigError, match=r"2 of 4 pieces done\); go on with --resume, or"):
        run(sink)


def test_a_resumed_run_refuses_another_model_or_input_and_names_the_difference(
    tmp_path: Path,
) -> None:
    sink = ParquetFolder(tmp_path / "out")
    interrupt(sink, 6)
    with pytest.raises(ConfigError, match=r'model is not that .*: version was "1", now "2"'):
        run(sink, Squares(version="2"), resume=True)
    with pytest.raises(ConfigError, match=r"input is not that .*: rows was 10, now 11"):
        run(sink, source=Numbers(11), resume=True)


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    sink = ParquetFolder(tmp_path / "out")
    run(sink)
    before = content(tmp_path / "out")
    summary = run(sink, resume=True, created_at=None)
    assert (summary.before, summary.rows) == (4, 10)
    assert content(tmp_path / "out") == before


def test_resuming_where_nothing_was_begun_begins(tmp_path: Path) -> None:
    assert run(ParquetFolder(tmp_path / "out"), resume=True).rows == 10


def test_two_runs_cannot_share_an_output(tmp_path: Path) -> None:
    sink = ParquetFolder(tmp_path / "out")
    with (
        Records(sink.state).locked(),
        pytest.raises(ConfigError, match="another run is writing here"),
    ):
        run(sink)


@pytest.mark.parametrize("name", ["all.parquet", "all.csv"])
def test_one_file_is_put_together_from_its_parts_and_nothing_else_is_left(
    tmp_path: Path, name: str
) -> None:
    sink = OneFile(tmp_path / name)
    interrupt(sink, 6, job=Squares(bad=4))
    assert not (tmp_path / name).exists()
    run(sink, Squares(bad=4), resume=True)
    read = pl.read_csv if name.endswith("csv") else pl.read_parquet
    assert read(tmp_path / name)["square"].to_list() == [0, 1, 4, 9, 25, 36, 49, 64, 81]
    assert set(content(tmp_path)) == {name, f"{name}.manifest.json", "all.rejects.csv"}


def test_an_old_list_of_rejects_does_not_outlive_its_forecasts(tmp_path: Path) -> None:
    run(OneFile(tmp_path / "all.csv"), Squares(bad=4))
    run(OneFile(tmp_path / "all.csv"))
    assert not (tmp_path / "all.rejects.csv").exists()


def test_several_workers_give_the_bytes_of_one(tmp_path: Path) -> None:
    run(ParquetFolder(tmp_path / "one"))
    run(ParquetFolder(tmp_path / "two"), workers=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_a_killed_worker_is_replaced_and_its_shard_done_again(tmp_path: Path) -> None:
    run(ParquetFolder(tmp_path / "whole"))
    job = Squares(die=tmp_path)
    assert run(ParquetFolder(tmp_path / "out"), job, workers=2).rows == 10
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_a_shard_that_kills_every_worker_ends_the_run_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match=r"part-00000\d: its worker process was killed twice"):
        run(ParquetFolder(tmp_path / "out"), Squares(die=tmp_path, always=True), workers=2)


def test_what_a_worker_raises_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected other ones"):
        run(ParquetFolder(tmp_path / "out"), Squares(fault=True), workers=2)


def test_overwriting_begins_anew_where_a_run_was_left_or_finished(tmp_path: Path) -> None:
    sink = ParquetFolder(tmp_path / "out")
    interrupt(sink, 6)
    run(sink, Squares(version="2"), overwrite=True)
    run(sink, Squares(version="3"), source=Numbers(2), overwrite=True)
    assert set(content(tmp_path / "out")) == {"part-000000.parquet", "_manifest.json"}


def test_a_folder_of_something_else_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for overwrite in (True, False):
        with pytest.raises(ConfigError, match=r"holds 'notes\.txt', which is no forecast"):
            file_sink(tmp_path, overwrite=overwrite)
    with pytest.raises(ConfigError, match="expected a folder, a name that ends in"):
        file_sink(tmp_path / "out.xlsx")
    with pytest.raises(ConfigError, match="is a file"):
        ParquetFolder(tmp_path / "notes.txt").refuse_foreign()


def test_finished_forecasts_are_not_replaced_without_being_asked_to(tmp_path: Path) -> None:
    run(ParquetFolder(tmp_path / "out"))
    with pytest.raises(ConfigError, match="holds finished forecasts; give another folder"):
        file_sink(tmp_path / "out")
    assert file_sink(tmp_path / "out", overwrite=True) == ParquetFolder(tmp_path / "out")
    assert file_sink(tmp_path / "a.csv") == OneFile(tmp_path / "a.csv")


def test_an_input_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        run(ParquetFolder(tmp_path / "out"), source=Numbers(0))


@dataclass(frozen=True)
class Sorted(Numbers):
    """Numbers that are prepared in a file, slowly enough to be killed there."""

    file: Path | None = None

    def prepare(self, folder: Path) -> Numbers:
        path = folder / "count"
        if not path.is_file():
            write_text(path, str(self.count))
        return Numbers(int(path.read_text()), self.size)


def test_what_a_run_without_a_plan_left_serves_the_same_input_alone(tmp_path: Path) -> None:
    sink = ParquetFolder(tmp_path / "out")
    records = Records(sink.state)
    for count in (10, 7):
        # Killed after the preparation, before the plan.
        source = Sorted(count)
        records.claim_scratch({"input": source.fingerprint(), "model": Squares().fingerprint()})
        source.prepare(records.scratch)
    made = records.scratch / "count"
    before = made.stat().st_mtime_ns
    records.claim_scratch({"input": Sorted(7).fingerprint(), "model": Squares().fingerprint()})
    assert made.stat().st_mtime_ns == before
    assert run(sink, source=Sorted(12)).rows == 12
