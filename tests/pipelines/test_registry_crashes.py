"""Killed (SIGKILL) at any line, the registry is as before or as after, and the log agrees."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines import registry
from tests.pipelines.toy_models import ended_well, in_child, killed_at, save

#: Every line in the slow run, a sample in the fast one; primes, so that it meets all loops.
CHANGING = [5, pytest.param(1, marks=pytest.mark.slow)]
MAKING = [19, pytest.param(2, marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    # The kernel keeps what a killed process wrote; only a loss of power asks for the flush.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return tmp_path


def crashes(folder: Path, work: Callable[[], object], every: int = 1) -> Iterator[int]:
    """Kill the work at its first line, with all as it was; then at the next; until it ends."""
    kept = folder.parent / f"{folder.name}.kept"
    if folder.is_dir():
        shutil.copytree(folder, kept)
    step = 0
    while killed_at(step, work):
        yield step
        shutil.rmtree(folder, ignore_errors=True)
        if kept.is_dir():
            shutil.copytree(kept, folder)
        step += every
    # A handful of lines would mean that nothing was tried.
    assert step > 30


def done() -> list[tuple[str, str]]:
    """What was carried out, by the log; nothing may stay open."""
    records = registry.audit_records("toy")
    assert {record["state"] for record in records} <= {"done", "abandoned"}
    return [(r["action"], r["to"]) for r in records if r["state"] == "done"]


def check_change(
    folder: Path, work: Callable[[], object], action: str, to: str, every: int
) -> None:
    """At every line: aliases as before or after; the log tells which; again, it is done once."""
    before, log = registry.aliases("toy"), done()
    ends, states = [], set()
    for step in crashes(folder, work, every):
        now = registry.aliases("toy")
        made = now != before
        ends.append(made)
        states |= {record["state"] for record in registry.audit_records("toy")}
        assert done() == [*log, (action, to)] if made else done() == log, f"line {step}"
        if not made:
            work()
        after = registry.aliases("toy")
        assert after != before
        assert not made or after == now
        assert done() == [*log, (action, to)], f"line {step}"
        assert not list(folder.glob(".*")), f"line {step}"
    # Lines before and after the one that counts were both tried.
    assert ends == sorted(ends)
    assert set(ends) == {False, True}
    # And between the intent and the rename.
    assert states == {"done", "abandoned"}


@pytest.mark.parametrize("every", CHANGING)
def test_a_promotion_killed_at_any_line_is_made_once_and_recorded(home: Path, every: int) -> None:
    first, second = save(), save()
    registry.promote(first)
    registry.challenge(second)
    work = lambda: registry.promote(second, why="better")  # noqa: E731
    check_change(home / "aliases", work, "promote", second.version, every)


@pytest.mark.parametrize("every", CHANGING)
def test_the_first_promotion_of_a_name_is_no_exception(home: Path, every: int) -> None:
    model = save()
    check_change(home / "aliases", lambda: registry.promote(model), "promote", model.version, every)


@pytest.mark.parametrize("every", CHANGING)
def test_a_rollback_killed_at_any_line_leaves_one_of_the_two(home: Path, every: int) -> None:
    first, second = save(), save()
    registry.promote(first)
    registry.promote(second)
    check_change(
        home / "aliases", lambda: registry.rollback("toy"), "rollback", first.version, every
    )


@pytest.mark.parametrize("every", MAKING)
def test_a_save_killed_on_its_way_leaves_no_half_version(home: Path, every: int) -> None:
    # What loads once is loaded, so that children do not load it each. All of the store is put
    # back each time: what is left in staging would give the next child more lines to run.
    save(name="other")
    kept = 0
    for step in crashes(home / "bentoml", save, every):
        models = registry.list_models("toy")
        assert registry.damaged_models("toy") == []
        assert len(models) <= 1, f"line {step}"
        for model in models:
            registry.load_state(model)
            kept += 1
    assert kept > 0


@pytest.mark.parametrize("every", MAKING)
def test_an_import_killed_on_its_way_is_whole_and_recorded_or_not_there(
    home: Path, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, file = save(), home / "toy.bentomodel"
    registry.export_model(model, file)
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    for step in crashes(home / "there", lambda: registry.import_model(file), every):
        there = [found.tag for found in registry.list_models("toy")]
        assert done() == [("import", model.version) for _ in there], f"line {step}"
        registry.load_state(registry.import_model(file))
        assert done() == [("import", model.version)]


def test_an_export_killed_on_its_way_leaves_the_old_file(home: Path) -> None:
    model, file = save(), home / "out/toy.bentomodel"
    registry.export_model(model, file)
    whole = file.read_bytes()
    for _ in crashes(home / "out", lambda: registry.export_model(model, file), 5):
        assert file.read_bytes() == whole


def test_what_crashes_left_aside_is_removed_after_a_day(home: Path) -> None:
    old, new = home / "bentoml/staging/old", home / "bentoml/staging/new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    save()
    assert [p.name for p in (home / "bentoml/staging").iterdir()] == ["new"]


def test_processes_that_promote_at_once_never_mix() -> None:
    versions = [save() for _ in range(4)]

    def promote_often() -> None:
        for turn in range(20):
            registry.promote(versions[turn % 4])

    children = [in_child(promote_often) for _ in range(4)]
    assert [ended_well(child) for child in children] == [True] * 4
    records = registry.audit_records("toy")
    # Each change starts from what the one before it made.
    assert [r["from"] for r in records] == [None, *(r["to"] for r in records[:-1])]
    assert {record["state"] for record in records} == {"done"}
    assert registry.champion_version("toy") == records[-1]["to"]
    assert registry.alias_version("toy", "previous") == records[-1]["from"]
