"""Tables of forecasts in files: a folder of Parquet parts (the default), or one file.

The folder is what DuckDB and polars read with `folder/*.parquet`; rejects lie in a folder of
their own inside it, and names that begin with `_` are the run's.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models.errors import ConfigError
from pipelines.atomic import write_atomic
from pipelines.batch.contract import BatchJob, Kept, Made, Shard, Sink
from pipelines.batch.plan import Plan
from pipelines.batch.records import OWN, Records, remove_leftovers
from pipelines.batch.work import count_reasons

REJECTED = "rejects"
#: Fast to write, and half the size; the digits of forecasts do not compress further.
_COMPRESSION: Any = "lz4"


@dataclass(frozen=True)
class ParquetFolder:
    """`part-000000.parquet`, ...; `rejects/part-000000.parquet` where a shard has some."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder

    @property
    def manifest(self) -> Path:
        return self.folder / "_manifest.json"

    def fingerprint(self) -> Mapping[str, Any]:
        return {"kind": "parquet folder"}

    def prepare(self, _plan: Plan, _job: BatchJob) -> ParquetFolder:
        """Make the folder, without what a killed run left."""
        for folder in (self.folder, self.folder / REJECTED):
            folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(folder)
        return self

    def open(self) -> None:
        """Nothing to connect to."""

    def keep(self, shard: Shard, made: Made) -> Kept:
        """Write both tables; an empty table of rejects is no file."""
        digests = {}
        for name, table in self._tables(shard, made).items():
            write_atomic(self.folder / name, lambda file, t=table: _write(t, file))  # type: ignore[misc]
            digests[name] = sha256(self.folder / name)
        return Kept(
            shard.index,
            made.forecasts.height,
            made.rejects.height,
            digests,
            count_reasons(made.rejects),
        )

    def _tables(self, shard: Shard, made: Made) -> dict[str, pl.DataFrame]:
        tables = {f"{shard.name}.parquet": made.forecasts}
        rejects = f"{REJECTED}/{shard.name}.parquet"
        if made.rejects.height:
            tables[rejects] = made.rejects
        else:
            (self.folder / rejects).unlink(missing_ok=True)
        return tables

    def holds(self, kept: Kept) -> bool:
        """Compare the checksum of every file."""
        files = {self.folder / name: digest for name, digest in kept.digests.items()}
        return all(path.is_file() and sha256(path) == digest for path, digest in files.items())

    def finish(self, _kept: Sequence[Kept]) -> None:
        """The parts are the whole."""

    def tidy(self) -> None:
        """Remove the folder of rejects when there are none."""
        rejects = self.folder / REJECTED
        if rejects.is_dir() and not any(rejects.iterdir()):
            rejects.rmdir()

    def clear(self) -> None:
        """Remove an earlier run; ConfigError when the folder holds anything else."""
        self.refuse_foreign()
        Records(self.folder).clear()

    def refuse_foreign(self) -> None:
        """Raise ConfigError for a folder that holds what is not a run's."""
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigError(f"--output: expected a folder, {self.folder} is a file")
        known = (*OWN, REJECTED)
        for path in sorted(self.folder.glob("*")):
            if path.name not in known and not path.name.startswith(("part-", ".part-", "._")):
                raise ConfigError(
                    f"--output: {self.folder} holds {path.name!r}, which is no forecast; give a "
                    "folder of its own"
                )


@dataclass(frozen=True)
class OneFile:
    """One Parquet or CSV file, put together from parts at the end; rejects go beside it."""

    file: Path

    @property
    def _parts(self) -> ParquetFolder:
        return ParquetFolder(self.file.with_name(f".{self.file.name}.parts"))

    @property
    def rejects(self) -> Path:
        """Where the rejects go, when there are any."""
        return self.file.with_suffix(".rejects.csv")

    @property
    def state(self) -> Path:
        return self._parts.state

    @property
    def manifest(self) -> Path:
        return self.file.with_name(f"{self.file.name}.manifest.json")

    def fingerprint(self) -> Mapping[str, Any]:
        return {"kind": "one file", "name": self.file.name}

    def prepare(self, plan: Plan, job: BatchJob) -> OneFile:
        """Make the folder of the parts."""
        self._parts.prepare(plan, job)
        # What it tells of will not be there any more.
        self.manifest.unlink(missing_ok=True)
        remove_leftovers_of(self.file, self.rejects, self.manifest)
        return self

    def open(self) -> None:
        """Nothing to connect to."""

    def keep(self, shard: Shard, made: Made) -> Kept:
        return self._parts.keep(shard, made)

    def holds(self, kept: Kept) -> bool:
        return self._parts.holds(kept)

    def finish(self, kept: Sequence[Kept]) -> None:
        """Put the parts together, without ever holding them all."""
        names = [name for one in kept for name in one.digests]
        parts = [self._parts.folder / name for name in names if not name.startswith(REJECTED)]
        rejects = [self._parts.folder / name for name in names if name.startswith(REJECTED)]
        _join(parts, self.file)
        # An old list beside a new table would be believed.
        if rejects:
            _join(rejects, self.rejects)
        else:
            self.rejects.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self._parts.folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove an unfinished run; a finished file is replaced at the end."""
        Records(self._parts.folder).clear()


def _write(table: pl.DataFrame, file: Any) -> None:
    # Statistics of columns cost a quarter of the writing, and skip nothing: a shard holds them all.
    table.write_parquet(file, compression=_COMPRESSION, statistics=False)


def _join(parts: Sequence[Path], target: Path) -> None:
    """Write several Parquet files as one table, streaming, in order."""
    lazy = pl.scan_parquet(list(parts), glob=False)
    if target.suffix.lower() == ".csv":
        write_atomic(target, lambda file: lazy.sink_csv(file, maintain_order=True))
    else:
        write_atomic(
            target,
            lambda file: lazy.sink_parquet(file, compression=_COMPRESSION, maintain_order=True),
        )


def sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_leftovers_of(*files: Path) -> None:
    """Remove temporary files that a killed run left beside these."""
    for file in files:
        for path in file.parent.glob(f".{file.name}.*"):
            if path.is_file():
                path.unlink(missing_ok=True)


def file_sink(output: Path, *, overwrite: bool = False, resume: bool = False) -> Sink:
    """The sink of a path: one file where it ends in .parquet or .csv, else a folder.

    Raises ConfigError for another ending, and for a folder that holds a finished run or
    something else.
    """
    ending = output.suffix.lower()
    if ending in (".parquet", ".csv"):
        return OneFile(output)
    if ending and not output.is_dir():
        raise ConfigError(
            f"--output: expected a folder, a name that ends in .parquet or .csv, or "
            f"postgresql://..., got {str(output)!r}"
        )
    folder = ParquetFolder(output)
    folder.refuse_foreign()
    unfinished = Records(output).plan() is not None
    if folder.manifest.is_file() and not (resume or overwrite or unfinished):
        raise ConfigError(
            f"--output: {output} holds finished forecasts; give another folder, for example one "
            "per month, or replace them with --overwrite"
        )
    return folder
