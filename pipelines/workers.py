"""Worker processes that start with the right environment and never outlive their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.environment import process_environment


@contextmanager
def environment_for_children() -> Iterator[None]:
    """Let new processes start with the thread and allocator settings they need."""
    before = dict(os.environ)
    os.environ.update(process_environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def end_with_parent() -> None:
    """Call in a new worker: Ctrl-C ends it at once, and so does the end of its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
