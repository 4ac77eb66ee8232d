"""Rows of each fund brought together on disk, where the input scatters them.

Files by month are the usual case. The input is read once, chunk by chunk; each chunk is
written sorted by bucket, so that a bucket, later, is one slice of every chunk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.atomic import write_atomic, write_text
from pipelines.batch.contract import FILE, ROW, Shard
from pipelines.batch.file_source import FileSource, Piece
from pipelines.batch.fund_plan import CHUNK, FundPlan, names_of

_BUCKET = "__bucket"


@dataclass(frozen=True)
class Buckets:
    """Where each bucket lies.

    folder   of the chunks
    offsets  chunk × bucket + 1: first row of each bucket in each chunk
    """

    folder: Path
    offsets: tuple[tuple[int, ...], ...]

    def shards(self) -> list[Shard]:
        """One for each bucket that holds anything."""
        table = np.asarray(self.offsets)
        sizes = np.diff(table, axis=1).sum(axis=0)
        filled = [(bucket, int(rows)) for bucket, rows in enumerate(sizes) if rows]
        return [Shard(i, rows, {"bucket": bucket}) for i, (bucket, rows) in enumerate(filled)]

    def read(self, bucket: int) -> pl.DataFrame:
        """All rows of a bucket, in the order of the input."""
        parts = []
        for chunk, offsets in enumerate(self.offsets):
            start, stop = offsets[bucket], offsets[bucket + 1]
            lazy = pl.scan_ipc(self.folder / _name(chunk), glob=False)
            parts.append(lazy.slice(start, stop - start).collect())
        return pl.concat(parts, how="vertical_relaxed")


def make_buckets(
    source: FileSource, plan: FundPlan, id_column: str, rows_per_shard: int, folder: Path
) -> Buckets:
    """Sort all rows into buckets; chunks that an earlier run has written are kept."""
    count = max(-(-sum(plan.rows) // rows_per_shard), 1)
    # The number of buckets is that of the first run, whatever memory a later one has.
    file = folder / "buckets.json"
    if file.is_file():
        count = int(json.loads(file.read_text("utf-8")))
    else:
        write_text(file, json.dumps(count))
    total = sum(plan.rows)
    offsets = []
    for chunk, start in enumerate(range(0, total, CHUNK)):
        pieces = plan.pieces(start, min(start + CHUNK, total))
        offsets.append(_written(source, pieces, id_column, count, folder, chunk))
    return Buckets(folder, tuple(offsets))


def _written(
    source: FileSource,
    pieces: Sequence[Piece],
    id_column: str,
    count: int,
    folder: Path,
    chunk: int,
) -> tuple[int, ...]:
    about = folder / f"{chunk:06d}.json"
    if about.is_file():
        return tuple(json.loads(about.read_text("utf-8")))
    frame = pl.concat([source.read_piece(piece) for piece in pieces], how="vertical_relaxed")
    bucket = names_of(frame[id_column]).hash(0) % count
    ordered = frame.with_columns(bucket.cast(pl.UInt32).alias(_BUCKET)).sort(
        _BUCKET, maintain_order=True
    )
    offsets = np.searchsorted(ordered[_BUCKET].to_numpy(), np.arange(count + 1))
    kept = ordered.drop(_BUCKET).with_columns(pl.col(ROW).cast(pl.Int64), pl.col(FILE))
    write_atomic(folder / _name(chunk), lambda out: kept.write_ipc(out, compression="lz4"))
    write_text(about, json.dumps(offsets.tolist()))
    return tuple(int(offset) for offset in offsets)


def _name(chunk: int) -> str:
    return f"{chunk:06d}.arrow"
