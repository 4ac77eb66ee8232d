"""Independent pieces of work in several processes, their results in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

T = TypeVar("T")


def in_order(
    function: Callable[..., T], arguments: Sequence[tuple[Any, ...]], jobs: int
) -> Iterator[T]:
    """Call `function` on each tuple of arguments; results come as soon as they are next.

    With one job everything runs in this process.
    """
    with warnings.catch_warnings():
        # joblib replaces a worker that has grown by some hundred megabytes, and says so.
        warnings.filterwarnings("ignore", message="A worker stopped")
        yield from Parallel(n_jobs=jobs, return_as="generator")(
            delayed(function)(*each) for each in arguments
        )
