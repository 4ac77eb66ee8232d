"""Files of every kind are cut into the same shards, wherever they lie."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from models.errors import DataError
from pipelines.batch.contract import FILE, ROW
from pipelines.batch.file_source import FileSource
from pipelines.batch.files import find_tables

TABLE = pl.DataFrame({"id": ["a", "b", "c", "d", "e"], "value": [1.0, 2.0, 3.0, 4.0, 5.0]})


def write(path: Path, table: pl.DataFrame = TABLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        table.write_csv(path)
    elif path.suffix == ".arrow":
        table.write_ipc(path)
    else:
        table.write_parquet(path)
    return path


def read_all(source: FileSource, scratch: Path) -> pl.DataFrame:
    ready = source.prepare(scratch)
    return pl.concat([ready.read(shard)[0] for shard in ready.shards()])


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_every_kind_of_file_gives_its_rows_in_order(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"table.{ending}")
    source = FileSource.open(str(path), rows_per_shard=2)
    rows = read_all(source, tmp_path / "scratch")
    assert rows["id"].to_list() == list("abcde")
    assert rows["value"].cast(pl.Float64).to_list() == [1, 2, 3, 4, 5]
    # In CSV the header is row 1.
    first = 2 if ending == "csv" else 1
    assert rows[ROW].to_list() == list(range(first, first + 5))
    assert rows[FILE].cast(pl.String).unique().to_list() == [str(path)]


def test_shards_are_ranges_that_reach_over_small_files(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / "in" / f"{name}.parquet")
    source = FileSource.open(str(tmp_path / "in"), rows_per_shard=10)
    assert [shard.rows for shard in source.shards()] == [10, 5]
    assert source.shards()[0].where == {"pieces": [[0, 0, 5], [1, 0, 5]]}
    assert source.read(source.shards()[1])[0]["id"].to_list() == list("abcde")


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    for ending in ("parquet", "csv"):
        path = write(tmp_path / f"table.{ending}")
        rows = read_all(FileSource.open(str(path), columns=["value"]), tmp_path / "scratch")
        assert set(rows.columns) == {"value", FILE, ROW}


def test_hive_partitions_are_columns(tmp_path: Path) -> None:
    write(tmp_path / "in/year=2020/month=01/x.parquet")
    write(tmp_path / "in/year=2021/month=02/x.parquet")
    rows = read_all(FileSource.open(str(tmp_path / "in")), tmp_path / "scratch")
    assert rows.select("year", "month").unique(maintain_order=True).rows() == [(2020, 1), (2021, 2)]


def test_a_folder_and_a_glob_name_the_same_files_without_notes_of_programs(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet", "_notes.parquet", ".hidden.parquet", "read.me"):
        write(tmp_path / "in" / name)
    names = [file.path for file in find_tables(str(tmp_path / "in"), {})]
    assert [Path(name).name for name in names] == ["a.parquet", "b.parquet"]
    assert [f.path for f in find_tables(str(tmp_path / "in/[ab].parquet"), {})] == names


@pytest.mark.parametrize("pattern", ["in/a.parquet", "in/*.parquet", "in"])
def test_a_url_is_read_by_polars_own_stores(tmp_path: Path, pattern: str) -> None:
    write(tmp_path / "in/a.parquet")
    source = FileSource.open(f"file://{tmp_path}/{pattern}")
    assert read_all(source, tmp_path / "scratch")["id"].to_list() == list("abcde")


def test_the_fingerprint_changes_with_a_byte_and_with_the_time_of_change(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv")
    before = FileSource.open(str(path)).fingerprint()
    assert FileSource.open(str(path)).fingerprint() == before
    about = path.stat()
    path.write_text(path.read_text().replace("3.0", "3.5"))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    changed = FileSource.open(str(path)).fingerprint()
    assert changed != before
    os.utime(path, ns=(0, 0))
    assert FileSource.open(str(path)).fingerprint() != changed


def test_csv_is_turned_into_parquet_only_once(tmp_path: Path) -> None:
    source = FileSource.open(str(write(tmp_path / "table.csv")))
    source.prepare(tmp_path / "scratch")
    (made,) = (tmp_path / "scratch/csv").iterdir()
    before = made.stat().st_mtime_ns
    source.prepare(tmp_path / "scratch")
    assert made.stat().st_mtime_ns == before


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file; expected a file, a folder, a glob"):
        FileSource.open(str(tmp_path / "none.parquet"))
    with pytest.raises(DataError, match=r"expected a name that ends in \.parquet"):
        FileSource.open(str(write(tmp_path / "table.xlsx")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"the folder holds no \.parquet"):
        FileSource.open(str(tmp_path / "empty"))
    write(tmp_path / "two/a.parquet")
    write(tmp_path / "two/a.csv")
    with pytest.raises(DataError, match=r"several kinds \(csv, parquet\)"):
        FileSource.open(str(tmp_path / "two"))
    (tmp_path / "bad.parquet").write_text("no table")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        FileSource.open(str(tmp_path / "bad.parquet")).shards()
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(DataError, match="row 3: 3 cells under 2 column names"):
        FileSource.open(str(tmp_path / "bad.csv")).prepare(tmp_path / "scratch")


def test_files_with_other_columns_are_told_by_name(tmp_path: Path) -> None:
    write(tmp_path / "in/a.parquet")
    write(tmp_path / "in/b.parquet", TABLE.rename({"value": "other"}))
    source = FileSource.open(str(tmp_path / "in"), columns=["id", "value"])
    with pytest.raises(DataError, match=r"b\.parquet: has no column .*value"):
        [source.read(shard) for shard in source.shards()]


def test_what_a_store_cannot_do_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name CSV files of a store one by one"):
        FileSource.open(f"file://{tmp_path}/*.csv")
    with pytest.raises(DataError, match="--input file://"):
        FileSource.open(f"file://{tmp_path}/none/*.parquet")
    source = FileSource.open(f"file://{write(tmp_path / 'table.csv')}")
    with pytest.raises(DataError, match="fetch CSV files first"):
        source.prepare(tmp_path / "scratch")


def test_an_arrow_file_of_a_store_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "table.arrow")
    source = FileSource.open(f"file://{path}")
    assert read_all(source, tmp_path / "scratch")["id"].to_list() == list("abcde")
    assert source.fingerprint()["files"] == [{"name": f"file://{path}"}]
    assert source.names() == ["id", "value"]
