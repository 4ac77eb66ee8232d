"""Find the tables that an input names: a file, a folder, a glob or an object-store URL.

Parquet, Arrow IPC and CSV. Folders named `key=value` (Hive partitions) add a column to the
rows below them. Names that begin with `_` or `.` are notes of programs, not data.
"""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from models.errors import DataError

#: Ending -> kind.
ENDINGS = {
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".arrow", ".ipc", ".feather"), "ipc"),
    **dict.fromkeys((".csv", ".tsv", ".csv.gz", ".tsv.gz"), "csv"),
}
_URL = re.compile(r"^[a-z][a-z0-9+]*://")
_PARTITION = re.compile(r"^([^=]+)=(.*)$")
#: Blocks of a file whose bytes stand for all of them, besides its size and time.
_BLOCKS, _BLOCK = 64, 4096


@dataclass(frozen=True)
class TableFile:
    """One file of an input.

    partition  column -> value, from folders named key=value
    """

    path: str
    kind: str
    partition: tuple[tuple[str, str], ...] = ()

    @property
    def is_remote(self) -> bool:
        return bool(_URL.match(self.path))

    def scan(self, options: Mapping[str, str]) -> pl.LazyFrame:
        """The file as a lazy table; not for CSV, whose rows cannot be told apart in advance."""
        if self.kind == "ipc":
            return pl.scan_ipc(self.path, storage_options=dict(options) or None, glob=False)
        storage = dict(options) or None
        return pl.scan_parquet(
            self.path, storage_options=storage, glob=False, hive_partitioning=False
        )

    def identity(self) -> dict[str, str | int]:
        """What tells this file from another: name, size, time of change, sample of its bytes."""
        if self.is_remote:
            return {"name": self.path}
        path = Path(self.path)
        about = path.stat()
        return {
            "name": self.path,
            "bytes": about.st_size,
            "changed_ns": about.st_mtime_ns,
            "sample": _sampled(path, about.st_size),
        }


def find_tables(text: str, options: Mapping[str, str]) -> list[TableFile]:
    """The files of an input, sorted by name. Raises DataError when there is none."""
    names = _remote(text, options) if _URL.match(text) else _local(text)
    if not names:
        raise DataError(f"--input {text}: no such file; expected a file, a folder, a glob or a URL")
    found = [TableFile(name, _kind(name), _partition_of(name)) for name in names]
    kinds = sorted({file.kind for file in found})
    if len(kinds) > 1:
        raise DataError(
            f"--input {text}: files of several kinds ({', '.join(kinds)}); name one kind, for "
            f"example with a glob such as '*.{kinds[-1]}'"
        )
    return found


def _local(text: str) -> list[str]:
    path = Path(text)
    if path.is_dir():
        below = (file.relative_to(path) for file in path.rglob("*") if file.is_file())
        names = [str(path / file) for file in below if _is_data(file)]
        if not names:
            raise DataError(f"--input {text}: the folder holds no {', '.join(ENDINGS)} file")
        return sorted(names)
    if path.is_file():
        return [text]
    return sorted(name for name in glob.glob(text, recursive=True) if Path(name).is_file())  # noqa: PTH207


def _is_data(file: Path) -> bool:
    hidden = any(part.startswith(("_", ".")) for part in file.parts)
    return not hidden and _ending(file.name) in ENDINGS


def _remote(text: str, options: Mapping[str, str]) -> list[str]:
    """Let polars list what a URL names, which knows every store."""
    if not any(mark in text for mark in "*?[") and _ending(text) in ENDINGS:
        return [text]
    pattern = text if _ending(text) in ENDINGS else f"{text.rstrip('/')}/**/*.parquet"
    storage = dict(options) or None
    scan = pl.scan_ipc if _kind(pattern) == "ipc" else pl.scan_parquet
    if _kind(pattern) == "csv":
        raise DataError(f"--input {text}: name CSV files of a store one by one, not by a pattern")
    try:
        lazy = scan(pattern, storage_options=storage, include_file_paths="__path")
        names = lazy.select(pl.col("__path").unique()).collect()["__path"]
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"--input {text}: {_first_line(error)}") from error
    scheme = text.partition("://")[0]
    return sorted(n if _URL.match(n) else f"{scheme}://{n}" for n in names.to_list())


def _kind(name: str) -> str:
    kind = ENDINGS.get(_ending(name))
    if kind is None:
        raise DataError(
            f"--input {name}: expected a name that ends in {', '.join(ENDINGS)}; convert it first"
        )
    return kind


def _ending(name: str) -> str:
    last = name.rpartition("/")[2].lower()
    packed = ".gz" if last.endswith(".gz") else ""
    return Path(last.removesuffix(".gz")).suffix + packed


def _partition_of(name: str) -> tuple[tuple[str, str], ...]:
    found = (_PARTITION.match(part) for part in name.split("/")[:-1])
    return tuple((match[1], match[2]) for match in found if match)


def _sampled(path: Path, size: int) -> str:
    """Checksum of blocks that are evenly spread, the first and the last among them."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for place in _places(size):
            file.seek(place)
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()


def _places(size: int) -> Sequence[int]:
    last = max(size - _BLOCK, 0)
    return sorted({last * block // (_BLOCKS - 1) for block in range(_BLOCKS)})


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
