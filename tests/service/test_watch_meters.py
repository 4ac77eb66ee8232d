"""What /metrics says of the models that answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from service.watch_meters import SwapMeters, forget_dead_workers


def test_the_version_that_answers_is_one_and_the_earlier_one_zero() -> None:
    listed = CollectorRegistry()
    meters = SwapMeters(listed)
    meters.serving({}, {"a": "v1", "b": "w1"})
    meters.serving({"a": "v1", "b": "w1"}, {"a": "v2"})

    def value(name: str, version: str) -> float | None:
        labels = {"name": name, "version": version}
        return listed.get_sample_value("halyard_model_info", labels)

    assert [value("a", "v1"), value("a", "v2"), value("b", "w1")] == [0, 1, 0]


def test_swaps_are_counted_by_name_and_result_and_only_taken_ones_are_timed() -> None:
    listed = CollectorRegistry()
    meters = SwapMeters(listed)
    meters.tried(["a", "b"], "swapped", 0.25)
    meters.tried(["a"], "refused", 8.0)

    def count(name: str, result: str) -> float | None:
        labels = {"name": name, "result": result}
        return listed.get_sample_value("halyard_model_swaps_total", labels)

    assert [count("a", "swapped"), count("b", "swapped"), count("a", "refused")] == [1, 1, 1]
    assert listed.get_sample_value("halyard_model_swap_seconds_count") == 1
    assert listed.get_sample_value("halyard_model_swap_seconds_sum") == 0.25


def test_gauges_of_killed_workers_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = [f"gauge_livesum_{gone.pid}.db", f"gauge_livesum_{os.getpid()}.db"]
    # Counters of a killed worker still count, and a process of another user runs.
    names += [f"counter_{gone.pid}.db", "gauge_livesum_1.db"]
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    forget_dead_workers()
    assert {file.name for file in tmp_path.iterdir()} == set(names[1:])


def test_nothing_is_forgotten_where_a_single_process_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    forget_dead_workers()
