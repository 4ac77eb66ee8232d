"""Every error that Halyard raises on purpose, as one tree.

::

    HalyardError                  anything below; its text is one line for a person
    |-- InputError                the caller's data or request is unusable
    |   |-- DataError             a file or table: names file, row, column
    |   `-- RequestError          an HTTP request: names the field's path
    |-- ConfigError               a configuration key or value
    |-- ModelError                a model cannot do what was asked of it
    |   |-- NotFittedError        predict before fit
    |   |-- SeriesError           some series cannot be forecast: why, by index
    |   `-- ArtefactError         a stored model is missing, damaged or of another format
    `-- DependencyError           an optional package or server is not there

The message says what was expected, what came, where, and what to do. Command
lines print it and exit with 2; the HTTP service answers 4xx with the same text.
"""

from __future__ import annotations

from collections.abc import Mapping


class HalyardError(Exception):
    """Base of every error raised on purpose."""


class InputError(HalyardError):
    """The caller's data or request is unusable."""


class DataError(InputError):
    """A file or table is unusable; the message names file, row and column."""


class RequestError(InputError):
    """An HTTP request is unusable; `field` is the path of the offending field."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ConfigError(HalyardError):
    """A configuration key or value is wrong."""


class ModelError(HalyardError):
    """A model cannot do what was asked of it."""


class NotFittedError(ModelError):
    """`predict` was called before `fit`."""


class SeriesError(ModelError):
    """Some series of several cannot be forecast; `reasons` holds why, by index."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        first = min(reasons)
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        super().__init__(f"series {first}: {reasons[first]}{more}")
        self.reasons = dict(reasons)


class ArtefactError(ModelError):
    """A stored model is missing, damaged or of an unknown format."""


class DependencyError(HalyardError):
    """An optional package or server is needed and not there."""
