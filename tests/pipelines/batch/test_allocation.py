"""Freed memory stays in the process where the C library can be told so."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from pipelines.batch.allocation import keep_freed_memory

#: Page faults of arrays that are made and freed again and again.
FAULTS = """
import resource
import numpy as np
from pipelines.batch.allocation import keep_freed_memory
{first}
[np.ones(2_000_000) for _ in range(4)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    [np.ones(2_000_000) for _ in range(4)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(first: str) -> int:
    words = [sys.executable, "-c", FAULTS.format(first=first)]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_pages_of_freed_arrays_are_used_again() -> None:
    """64 MB are 16,000 pages, which the system would else clear again and again."""
    assert faults("") > 16_000
    assert faults("keep_freed_memory()") < 2_000


def test_without_such_a_setting_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: object) -> object:
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert not keep_freed_memory()
