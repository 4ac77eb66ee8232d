"""Shards on a Ray cluster, or on one that is started here. The only file that knows Ray.

Actors load the model once each and have one shard at a time; they write what they make
themselves, so only records travel. A killed actor or node is replaced and its shard done
again: a shard's files are written whole or not at all, so twice is once.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.errors import DependencyError
from pipelines.batch.contract import Kept, Shard
from pipelines.batch.work import Work

#: Restarts of an actor, and times that a shard is tried again after its actor died.
_RESTARTS, _RETRIES = 8, 3
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
            yield from _work_off(ray, work, list(shards), min(workers, len(shards)))
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


def _work_off(ray: Any, work: Work, shards: list[Shard], count: int) -> Iterator[Kept]:
    kind = ray.remote(num_cpus=1, max_restarts=_RESTARTS, max_task_retries=_RETRIES)(_Actor)
    shared = ray.put(work)
    actors = [kind.remote(shared) for _ in range(count)]
    waiting = iter(shards)
    owners: dict[Any, Any] = {}

    def give(actor: Any) -> None:
        shard = next(waiting, None)
        if shard is not None:
            owners[actor.do.remote(shard)] = actor

    for actor in actors * _IN_FLIGHT:
        give(actor)
    while owners:
        (ready, *_), _ = ray.wait(list(owners), num_returns=1)
        give(owners.pop(ready))
        yield _result(ray, ready)


def _result(ray: Any, ready: Any) -> Kept:
    """The record, or what the worker raised, as it raised it."""
    try:
        kept: Kept = ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DependencyError(
            f"--engine ray: a worker was lost too often ({reason}); go on with --resume"
        ) from error
    return kept
