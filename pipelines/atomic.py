"""Files that are whole or not there: written aside, flushed, then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

import polars as pl


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place.

    A crash leaves the old file, or none; the folder is made when it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            write(cast(BinaryIO, file))
            file.flush()
            os.fsync(file.fileno())
            # A temporary file is for its owner alone; a result is as public as any new file.
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def flush_folder(folder: Path) -> None:
    """Make the renames in a folder survive a loss of power: names live in the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    """The process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, whole or not at all."""
    write_atomic(path, lambda file: file.write(text.encode()))


def write_parquet(path: Path, table: pl.DataFrame) -> None:
    """Write a Parquet file whole or not at all."""
    write_atomic(path, lambda file: table.write_parquet(file, compression="zstd"))
