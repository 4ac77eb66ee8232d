"""One pass over the names of an input: where funds begin, which end the input, how many.

It tells whether the rows of each fund lie together. If so, shards are ranges of rows that
begin where a fund begins; if not, rows are first sorted into buckets by the fund's name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.atomic import write_text
from pipelines.batch import fund_market
from pipelines.batch.file_source import FileSource, Piece
from pipelines.batch.fund_columns import FundColumns
from pipelines.batch.fund_months import month_numbers
from pipelines.batch.fund_rows import run_starts

#: Rows that are looked at together.
CHUNK = 1_000_000
#: Funds whose names can be remembered; beyond, they have to come in ascending order.
_REMEMBERED = 20_000_000


@dataclass(frozen=True)
class FundPlan:
    """What the pass found.

    together  whether the rows of each fund lie together
    newest    newest month, as `month_index`; -1 without any
    rows      rows of each file
    cuts      rows, counted over all files, where a shard begins
    threshold largest hash of the names of SAMPLE funds, the smallest ones; or of all
    """

    together: bool
    newest: int
    rows: list[int]
    cuts: list[int]
    threshold: int

    @classmethod
    def make(
        cls, source: FileSource, columns: FundColumns, rows_per_shard: int, folder: Path
    ) -> FundPlan:
        """Look at the input, or take what an earlier run has seen."""
        file = folder / "funds.json"
        if file.is_file():
            return cls(**json.loads(file.read_text("utf-8")))
        made = _looked_at(source, columns, rows_per_shard)
        write_text(file, json.dumps(asdict(made)))
        return made

    def pieces(self, start: int, stop: int) -> list[Piece]:
        """Where rows, counted over all files, lie."""
        found, before = [], 0
        for place, rows in enumerate(self.rows):
            low, high = max(start - before, 0), min(stop - before, rows)
            if low < high:
                found.append(Piece(place, low, high - low))
            before += rows
        return found


@dataclass(frozen=True)
class _Chunk:
    """What one chunk holds: runs of equal names, their first rows, and the newest month."""

    start: int
    names: pl.Series
    firsts: np.ndarray
    newest: int


class _Runs:
    """Runs of equal names over all chunks so far."""

    def __init__(self, rows_per_shard: int) -> None:
        self._per_shard = rows_per_shard
        self._last: str | None = None
        self._hashes: list[np.ndarray] | None = []
        self._count = 0
        self.ascending = True
        self.cuts = [0]
        self.smallest = np.empty(0, dtype=np.uint64)

    def add(self, chunk: _Chunk) -> None:
        """Take in the next chunk."""
        names, firsts = chunk.names, chunk.firsts + chunk.start
        if self._last is not None and len(names) and names[0] == self._last:
            names, firsts = names[1:], firsts[1:]
        if not len(names):
            return
        before = names.shift(1)
        before[0] = self._last
        self.ascending &= bool((names > before).fill_null(True).all())
        self._last = names[-1]
        self._remember(names.hash(0).to_numpy())
        self._cut(firsts)

    def _remember(self, hashes: np.ndarray) -> None:
        self.smallest = np.unique(np.concatenate([self.smallest, hashes]))[: fund_market.SAMPLE]
        self._count += len(hashes)
        if self._count > _REMEMBERED:
            self._hashes = None
        if self._hashes is not None:
            self._hashes.append(hashes)

    def _cut(self, firsts: np.ndarray) -> None:
        """Begin a shard at the first fund after so many rows."""
        while True:
            place = int(np.searchsorted(firsts, self.cuts[-1] + self._per_shard))
            if place == len(firsts):
                return
            self.cuts.append(int(firsts[place]))

    @property
    def together(self) -> bool:
        """Whether no name came twice."""
        if self.ascending or self._hashes is None:
            return self.ascending
        hashes = np.concatenate(self._hashes) if self._hashes else np.empty(0)
        return len(np.unique(hashes)) == len(hashes)


def _looked_at(source: FileSource, columns: FundColumns, rows_per_shard: int) -> FundPlan:
    counts = source.row_counts()
    runs, newest = _Runs(rows_per_shard), -1
    for chunk in _chunks(source, columns, counts):
        runs.add(chunk)
        newest = max(newest, chunk.newest)
    cuts = runs.cuts if sum(counts) else []
    threshold = int(runs.smallest[-1]) if len(runs.smallest) else 0
    return FundPlan(runs.together, newest, counts, cuts, threshold)


def _chunks(source: FileSource, columns: FundColumns, counts: list[int]) -> Iterator[_Chunk]:
    """Chunks in order, read by as many threads as there are cores, few at a time."""
    pieces, threads = pieces_of(counts), min(os.cpu_count() or 1, 4)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(pieces), threads):
            several = pieces[first : first + threads]
            yield from pool.map(lambda each: _chunk(source, columns, *each), several)


def pieces_of(counts: Sequence[int]) -> list[tuple[int, Piece]]:
    """Files of so many rows in pieces, each with its first row counted over all files."""
    pieces, before = [], 0
    for place, rows in enumerate(counts):
        for start in range(0, rows, CHUNK):
            pieces.append((before + start, Piece(place, start, min(CHUNK, rows - start))))
        before += rows
    return pieces


def _chunk(source: FileSource, columns: FundColumns, start: int, piece: Piece) -> _Chunk:
    wanted = [columns.id, columns.month, *([columns.year] if columns.year else [])]
    frame = source.frame(piece, wanted)
    names = names_of(frame[columns.id])
    starts = run_starts(names)[:-1]
    return _Chunk(start, names.gather(starts), starts, _newest(frame, columns))


def _newest(frame: pl.DataFrame, columns: FundColumns) -> int:
    """The newest month; of a column of days, that of the last day, unless that is none."""
    if frame[columns.month].dtype == pl.Date and columns.year is None:
        last = frame.select(pl.col(columns.month).max())
        month = int(month_numbers(last, columns.month)[0])
        if month >= 0:
            return month
    return int(month_numbers(frame, columns.month, columns.year).max(initial=-1))


def names_of(ids: pl.Series) -> pl.Series:
    """Names of the rows; a row without one is counted to the fund before it."""
    names = ids.cast(pl.String)
    empty = (names.str.len_bytes() == 0).fill_null(True)
    if not empty.any():
        return names
    return names.set(empty, None).forward_fill().fill_null("")
