"""Which trailing windows of a table signatures are taken of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from models.errors import ConfigError
from models.transforms.path_features import PathKind
from pipelines.datasets.layout import listed


@dataclass(frozen=True)
class SignatureWindows:
    """What is read, and over which windows.

    values  columns of numbers that make the path, in this order
    series  column of names; windows never reach from one into another
    time    column of dates or numbers; without one, rows are in order of the table
    rows    length of a window in rows that have a value, or
    span    its length in time: a timedelta for dates, a number for times that are numbers
    steps   values are steps of the path, as returns are, and are summed within the window
    scale   column -> what it is divided by; level k of a signature grows with its k-th power
    kind    how the path is made, and what of its signature is kept
    """

    values: tuple[str, ...]
    series: str | None = None
    time: str | None = None
    rows: int | None = None
    span: timedelta | float | None = None
    steps: bool = False
    scale: Mapping[str, float] = field(default_factory=dict)
    kind: PathKind = field(default_factory=PathKind)

    def __post_init__(self) -> None:
        if not self.values or len(set(self.values)) < len(self.values):
            raise ConfigError(f"values: expected different columns, got {listed([*self.values])}")
        if (self.rows is None) == (self.span is None):
            raise ConfigError(
                "windows: expected either a number of rows or a span of time; give one of the two"
            )
        if self.rows is not None and self.rows < 2:
            raise ConfigError(f"rows: expected 2 or more, got {self.rows}")
        if self.span is not None:
            self._check_span(self.span)
        for name, unit in self.scale.items():
            if name not in self.values or not unit > 0:
                raise ConfigError(
                    f"scale: expected a value column and a positive unit, got {name!r}: {unit}"
                )
        self.kind.width(len(self.values))

    def _check_span(self, span: timedelta | float) -> None:
        positive = span > timedelta(0) if isinstance(span, timedelta) else span > 0
        if not positive:
            raise ConfigError(f"span: expected more than nothing, got {span}")
        if self.time is None:
            raise ConfigError("span: needs a column of times; give one, or a number of rows")
        if self.kind.dyadic > 1:
            raise ConfigError("dyadic: halves of windows need a number of rows, not a span of time")
