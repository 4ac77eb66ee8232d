"""Shards on a Ray cluster, or on one that is started here. The only file that knows Ray.

Actors load the model once each and have one shard at a time; they write what they make
themselves, so only records travel. A killed actor or node is replaced and its shard done
again: a shard's files are written whole or not at all, so twice is once.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.errors import DependencyError
from pipelines.batch.contract import Kept, Shard
from pipelines.batch.work import Work

#: Workers that one shard may cost: a node that goes away takes what waits for it as well.
_LIVES = 4
#: Shards that have been handed out, for each actor: one at work, one that waits.
_IN_FLIGHT = 2
_ENVIRONMENT = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
#: Seconds that a cluster may take to answer.
_PATIENCE = 10
#: Results never travel, so a store of the smallest size is enough.
_STORE_BYTES = 80_000_000


class RayEngine:
    """Choose it where one machine is too slow; every node needs Halyard and the same folders.

    address  of a cluster, such as "auto" or "ray://head:10001"; None starts one here for the run
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address

    def run(self, work: Work, shards: Sequence[Shard], workers: int) -> Iterator[Kept]:
        """Records in the order in which shards are finished. Raises DependencyError."""
        ray = self._connected(workers)
        try:
            yield from _Team(ray, work, shards).work_off(min(workers, len(shards)))
        finally:
            ray.shutdown()

    def _connected(self, workers: int) -> Any:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray
        except ImportError as error:
            raise DependencyError(
                "--engine ray: Ray is not installed; run pip install 'halyard[cluster]'"
            ) from error
        _refuse_unreachable(self._address)
        options: dict[str, Any] = {"address": self._address}
        if self._address is None:
            options = {
                "address": "local",
                "num_cpus": workers,
                "include_dashboard": False,
                "object_store_memory": _STORE_BYTES,
            }
        try:
            ray.init(
                **options,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": {**_ENVIRONMENT, **_home()}},
            )
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise DependencyError(
                f"--engine ray: no cluster at {self._address or 'this machine'}: {reason}"
            ) from error
        return ray


def _refuse_unreachable(address: str | None) -> None:
    """Raise DependencyError for a host that does not answer; Ray would try for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise DependencyError(
            f"--engine ray: no cluster at {address}: {error.strerror or error}"
        ) from error


def _home() -> Mapping[str, str]:
    """Where models lie, as in this process."""
    from pipelines.environment import halyard_home

    return {"HALYARD_HOME": str(halyard_home())}


class _Actor:
    """Holds an opened work in one process of the cluster."""

    def __init__(self, work: Work) -> None:
        work.open()
        self._work = work

    def do(self, shard: Shard) -> Kept:
        """See Work."""
        return self._work.do(shard)


class _Team:
    """Actors, each with a shard at work and one that waits, and the shards that are left.

    Lost actors are replaced here and not by Ray, which gives up while a node is going away.
    """

    def __init__(self, ray: Any, work: Work, shards: Sequence[Shard]) -> None:
        self._ray = ray
        self._work = work
        self._kind = ray.remote(num_cpus=1)(_Actor)
        self._waiting = deque(shards)
        self._given: dict[Any, tuple[Any, Shard]] = {}
        self._losses: dict[int, int] = {}

    def work_off(self, count: int) -> Iterator[Kept]:
        """Records as they come. What a worker raised is raised as it was."""
        for actor in [self._hire() for _ in range(count)] * _IN_FLIGHT:
            self._give(actor)
        # An actor that has nothing left ends when nobody holds it, and frees its core.
        del actor
        while self._given:
            (ready, *_), _ = self._ray.wait(list(self._given), num_returns=1)
            kept = self._next(ready)
            if kept is not None:
                yield kept

    def _next(self, ready: Any) -> Kept | None:
        """Take a result, and give its actor, or a new one where it was lost, the next shard."""
        actor, shard = self._given.pop(ready)
        kept = self._result(ready, shard)
        self._give(actor if kept is not None else self._hire())
        return kept

    def _hire(self) -> Any:
        return self._kind.remote(self._work)

    def _give(self, actor: Any) -> None:
        if self._waiting:
            shard = self._waiting.popleft()
            self._given[actor.do.remote(shard)] = actor, shard

    def _result(self, ready: Any, shard: Shard) -> Kept | None:
        """The record; None where the worker was lost, and its shard comes first again."""
        errors = self._ray.exceptions
        try:
            kept: Kept = self._ray.get(ready)
        except errors.RayTaskError as error:
            raise error.cause from error
        except errors.RayError as error:
            self._losses[shard.index] = self._losses.get(shard.index, 0) + 1
            if self._losses[shard.index] >= _LIVES:
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                raise DependencyError(
                    f"{shard.name}: its worker on Ray was lost {_LIVES} times ({reason}); lower "
                    "--memory-mb or --workers and go on with --resume"
                ) from error
            self._waiting.appendleft(shard)
            return None
        return kept
