"""Connections to PostgreSQL for batches: rows in bulk, errors in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.errors import DependencyError

if TYPE_CHECKING:
    import psycopg

#: Seconds until a server that does not answer is given up.
_PATIENCE = 30


def connect(url: str) -> psycopg.Connection[Any]:
    """Connect, with times in UTC. Raises DependencyError, in one line without the password."""
    try:
        import psycopg
    except ImportError as error:
        raise DependencyError(
            "PostgreSQL: its driver is not installed; run pip install 'halyard[postgresql]'"
        ) from error
    try:
        options = "-c timezone=UTC -c datestyle=ISO"
        return psycopg.connect(plain(url), connect_timeout=_PATIENCE, options=options)
    except psycopg.Error as error:
        raise DependencyError(f"{shown(url)}: cannot be opened: {first_line(error)}") from error


def plain(url: str) -> str:
    """The URL as the driver knows it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def shown(url: str) -> str:
    """The URL without its password."""
    from sqlalchemy.engine import make_url

    return make_url(plain(url)).render_as_string(hide_password=True)


def first_line(error: BaseException) -> str:
    """The first line of what a server says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
