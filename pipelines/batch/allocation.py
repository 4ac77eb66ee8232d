"""Keep freed memory in the process, because the next shard needs the same again.

The C library gives large arrays back to the system when they are freed, and the system clears
every page of the next ones: a sixth of the time of a batch of points. The most that a process
holds stays what its largest shard needs.
"""

from __future__ import annotations

import ctypes

#: Parameters of mallopt(3), and values: arrays of up to 32 MB come from the heap, whose end is
#: given back above 1 GB only.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_SETTINGS = {_MMAP_THRESHOLD: 32 * 1024 * 1024, _TRIM_THRESHOLD: 1024 * 1024 * 1024}


def keep_freed_memory() -> bool:
    """Set it for this process, from now on; False where the C library has no such setting."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all(bool(mallopt(name, value)) for name, value in _SETTINGS.items())
