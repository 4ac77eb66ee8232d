"""A file is the old one or the new one, never half of it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest

from pipelines.atomic import write_atomic, write_parquet, write_text


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")

    def half(file: BinaryIO) -> None:
        file.write(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomic(target, half)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_folders_are_made_and_tables_come_back(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [1, 2]})
    write_parquet(tmp_path / "new" / "t.parquet", table)
    assert pl.read_parquet(tmp_path / "new" / "t.parquet").equals(table)


def test_a_result_can_be_read_by_whoever_may_read_new_files(tmp_path: Path):
    (tmp_path / "plain").write_text("x")
    write_text(tmp_path / "result.json", "{}")

    assert (tmp_path / "result.json").stat().st_mode == (tmp_path / "plain").stat().st_mode
