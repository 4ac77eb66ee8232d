"""Get the text of a source, a file or an http(s) address, with its checksum."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.errors import DataError, DependencyError

_WEB = ("http://", "https://")
#: SW-All.csv has 4 MB; anything far above is something else.
_LARGEST = 64 * 1024 * 1024
#: Answers that may be different a moment later.
_PASSING = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Retries:
    """How often and how patiently an address is asked.

    attempts  times in all
    wait      seconds before the second; doubled before each further one
    timeout   seconds that one may be silent
    """

    attempts: int = 4
    wait: float = 1.0
    timeout: float = 30.0


@dataclass(frozen=True)
class Fetched:
    """A source's text and what identifies it: SHA-256 and bytes, retrieved when (UTC, ISO)."""

    source: str
    text: str
    sha256: str
    size: int
    retrieved: str

    def about(self) -> dict[str, str | int]:
        """All but the text."""
        return {
            "source": self.source,
            "sha256": self.sha256,
            "bytes": self.size,
            "retrieved": self.retrieved,
        }


def is_address(source: str) -> bool:
    """Tell an http(s) address from a path."""
    return source.lower().startswith(_WEB)


def fetch(
    source: str, retries: Retries | None = None, sleep: Callable[[float], None] = time.sleep
) -> Fetched:
    """Read a path or an address whole.

    Raises DataError for a path that cannot be read, DependencyError for an address that
    does not answer with a whole file in all attempts.
    """
    content = (
        _download(source, retries or Retries(), sleep) if is_address(source) else _read(source)
    )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: expected a text file, got bytes that are no text") from error
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return Fetched(source, text, hashlib.sha256(content).hexdigest(), len(content), now)


def _read(source: str) -> bytes:
    try:
        return Path(source).expanduser().read_bytes()
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read ({error.strerror}); expected a file or an http(s) address"
        ) from error


def _download(url: str, retries: Retries, sleep: Callable[[float], None]) -> bytes:
    reason = ""
    for attempt in range(retries.attempts):
        if attempt:
            sleep(retries.wait * 2 ** (attempt - 1))
        try:
            return _ask(url, retries.timeout)
        except urllib.error.HTTPError as error:
            reason = f"answered {error.code} {error.reason}"
            if error.code not in _PASSING:
                break
        except http.client.IncompleteRead as error:
            reason = f"the file was cut off after {len(error.partial)} bytes"
        except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
    raise DependencyError(
        f"{url}: {reason} ({attempt + 1} attempt(s)); check the address and the network, or give "
        "a file with --source"
    )


def _ask(url: str, timeout: float) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "halyard"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        content: bytes = answer.read(_LARGEST + 1)
        # Reading a stated number of bytes does not notice an early end by itself.
        stated = answer.headers.get("Content-Length")
    if len(content) > _LARGEST:
        raise DataError(f"{url}: more than {_LARGEST} bytes; expected a file of space weather")
    if stated is not None and len(content) < int(stated):
        raise http.client.IncompleteRead(content, int(stated) - len(content))
    return content
