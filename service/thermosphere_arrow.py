"""Arrow IPC streams: points in, densities out, for requests that are too large for JSON.

A request's stream has the columns epoch (timestamp), latitude, longitude and height; its
schema may carry the metadata `halyard`: the JSON of a request without its points. The
answer's schema carries the metadata `halyard` with model, drivers and warnings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import ValidationError

from models.contract import FloatArray
from models.emulators.grid import Grid
from models.emulators.log_density import LogDensity
from service.errors import Detail, from_validation, invalid
from service.thermosphere_checks import MAX_POINTS, too_many
from service.thermosphere_inputs import PointQuery, checked_points
from service.thermosphere_schemas import KNOWN_OPTIONS, DensityOptions

ARROW = "application/vnd.apache.arrow.stream"
#: 2,000,000 points of four columns of 8 bytes, and what the format adds.
MAX_ARROW_BODY = 72 * 1024 * 1024
META = b"halyard"
_COLUMNS = ("epoch", "latitude", "longitude", "height")


def read_points(body: bytes, grid: Grid) -> PointQuery:
    """Check a stream of points. Raises ServiceError (413, 422)."""
    table = _table(body)
    _check_columns(table.schema)
    options = _options(table.schema.metadata or {})
    arrays = {name: _numbers(table, name) for name in _COLUMNS[1:]}
    return checked_points(_epochs(table), arrays, options, grid, columns=True)


def write_table(columns: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    """A stream of these columns, with `about` as the metadata `halyard`."""
    table = pa.table(dict(columns)).replace_schema_metadata({META: json.dumps(about)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def density_columns(density: LogDensity, levels: tuple[float, ...]) -> dict[str, FloatArray]:
    """Name -> values of every point; quantiles are called q_0.05 and so on."""
    quantiles = density.quantiles(levels)
    return {
        "mean": density.mean_density,
        "std": density.std_density,
        "median": density.median_density,
        **{f"q_{level:g}": quantiles[:, i] for i, level in enumerate(levels)},
        "log10_mean": density.mean,
        "log10_std": density.std,
    }


def _table(body: bytes) -> pa.Table:
    """All batches; stops at the limit, since a small body may hold many compressed rows."""
    try:
        with pa.ipc.open_stream(body) as reader:
            batches, rows = [], 0
            for batch in reader:
                rows += batch.num_rows
                if rows > MAX_POINTS:
                    raise too_many(rows, MAX_POINTS, "one request")
                batch.validate(full=True)
                batches.append(batch)
            return pa.Table.from_batches(batches, reader.schema)
    except (pa.ArrowException, OSError) as error:
        words = " ".join(str(error).split())[:200]
        raise invalid([Detail("body", f"expected an Arrow IPC stream: {words}")]) from None


def _check_columns(schema: pa.Schema) -> None:
    faults = [
        Detail(f"points.{name}", "this column is needed and not there, or there twice")
        for name in _COLUMNS
        if schema.names.count(name) != 1
    ]
    listed = ", ".join(_COLUMNS)
    faults += [
        Detail(f"points.{name[:60]}", f"unknown column; there are: {listed}")
        for name in schema.names
        if name not in _COLUMNS
    ]
    if faults:
        raise invalid(faults)


def _options(metadata: Mapping[bytes, bytes]) -> DensityOptions:
    if META not in metadata:
        return DensityOptions.model_validate({})
    try:
        return DensityOptions.model_validate_json(metadata[META])
    except ValidationError as error:
        raise from_validation(error, KNOWN_OPTIONS) from None


def _numbers(table: pa.Table, name: str) -> FloatArray:
    column = _without_nulls(table, name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise invalid([Detail(f"points.{name}", "expected numbers", str(column.type))])
    # Points outside of any range, NaN among them, are found with all others later.
    # A copy, because torch wants memory that may be written.
    return np.array(column.to_numpy(), dtype=np.float64)


def _epochs(table: pa.Table) -> npt.NDArray[np.datetime64]:
    """Timestamps as UTC; Arrow keeps those with a zone in UTC, the others are taken so."""
    column = _without_nulls(table, "epoch")
    if not pa.types.is_timestamp(column.type):
        message = "expected timestamps (UTC)"
        raise invalid([Detail("points.epoch", message, str(column.type))])
    try:
        micro = column.cast(pa.timestamp("us"), safe=False)
    except pa.ArrowException as error:
        raise invalid([Detail("points.epoch", f"expected timestamps (UTC): {error}")]) from None
    return np.asarray(micro.to_numpy(), dtype="datetime64[us]")


def _without_nulls(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table[name]
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        raise invalid([Detail(f"points.{name}[{row}]", "expected a value, not null")])
    return column
