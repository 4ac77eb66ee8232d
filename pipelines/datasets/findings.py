"""What is wrong with a file, and what cleaning did about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from models.errors import DataError

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One fault of a file.

    row     1-based; the header counts in CSV; None for faults of a whole series or file
    rule    name of the rule, e.g. "duplicate"
    """

    file: str
    row: int | None
    column: str
    series: str
    rule: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column!r}")
        if self.series and self.series != self.column:
            place.append(f"series {self.series!r}")
        return f"{', '.join(place)}: {self.message}"


@dataclass(frozen=True)
class Action:
    """One repair: what was changed where, from which value to which (None = missing)."""

    rule: str
    series: str
    period: str
    row: int | None
    before: float | None
    after: float | None
    message: str


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that forbid use of the file."""
    return [f for f in findings if f.severity == "error"]


def raise_if_errors(findings: Sequence[Finding], shown: int = 3) -> None:
    """Raise DataError with the first few errors and their number, if there are any."""
    errors = errors_of(findings)
    if not errors:
        return
    text = "; ".join(str(f) for f in errors[:shown])
    if len(errors) > shown:
        text = f"{len(errors)} errors, the first {shown}: {text}"
    raise DataError(text)
