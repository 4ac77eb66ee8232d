"""Memory of a process and all that it started, looked at while they work."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import psutil

#: Seconds between two looks.
INTERVAL = 0.05


class PeakMemory:
    """The most resident memory of the whole tree; pages that processes share count in each.

    ::

        with PeakMemory() as memory:
            work()
        memory.peak_mb

    process  its id [this one]
    """

    def __init__(self, process: int | None = None) -> None:
        self.peak_mb = 0.0
        self._process = process
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        root = psutil.Process(self._process)
        while not self._end.wait(INTERVAL):
            try:
                tree = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            self.peak_mb = max(self.peak_mb, sum(map(_resident, tree)) / 1e6)


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0
