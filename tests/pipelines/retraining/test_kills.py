"""Killed (SIGKILL) at random moments and gone on with, a run ends as one that nothing disturbed.

Results, fits and forecasts are the same bytes; the registry holds one new version, promoted
once; the table of runs has one row. What is left out of the comparison cannot repeat: times,
and the random name of the version.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from models.backbones.options import BackboneOptions
from models.forecasters.settings import TrainingConfig
from pipelines import registry
from pipelines.retraining.folder import RunFolder
from pipelines.retraining.pipeline import steps
from pipelines.retraining.runs_table import RunsTable
from pipelines.workers import environment_for_children
from tests.pipelines.retraining.scripted import NAME, Scripted, run_scripted
from tests.pipelines.retraining.worlds import FUND, retrain_funds, small_config, small_panel
from tests.pipelines.toy_models import killed_at, save

RUN = "monthly"
HOW = ["promotion.coverage=[0, 1]", "promotion.leads=pooled", "comparison.origins=40"]
#: Longest that a whole run may take on a busy machine, s.
PATIENCE = 300.0


def work(home: str) -> None:
    """The run that is disturbed, in a process of its own."""
    os.environ["HALYARD_HOME"] = home
    retrain_funds(small_panel(), small_config(), HOW, run_id=RUN)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose champion is bad, so that the run ends in a promotion."""
    home = tmp_path_factory.mktemp("ground")
    fast = TrainingConfig(epochs=30, batch_size=512, learning_rate=0.1)
    forgetful = replace(small_config().network, options=BackboneOptions(memory="open"))
    bad = small_config(shrinkage=1.0, training=fast, network=forgetful)
    with at_home(home):
        retrain_funds(small_panel(), bad, HOW)
    return home


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """HALYARD_HOME for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(home))
        patch.delenv("HALYARD_DATABASE", raising=False)
        yield


def finished_within(home: Path, seconds: float) -> bool:
    """Let the run go on and kill it after so many seconds; whether it ended before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bentoml", "tests.pipelines.retraining.worlds"])
    with environment_for_children():
        child = context.Process(target=work, args=(str(home),))
        child.start()
    child.join(seconds)
    if child.is_alive():
        child.kill()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode == 0


def outputs(home: Path) -> dict[str, bytes]:
    """All that must repeat, by name; the new version is called V, whatever its name."""
    with at_home(home):
        folder, version = RunFolder(FUND, RUN), registry.champion_version(FUND) or ""
        stored = registry.get_model(FUND)
        registry.verify(stored)
    files = [*folder.path.glob("fits/*/*"), *folder.path.glob("forecasts/*")]
    files += [path for path in folder.path.glob("steps/*.json") if path.stem != "latency"]
    found = {str(path.relative_to(folder.path)): path.read_bytes() for path in files}
    found |= {f"model/{path.name}": path.read_bytes() for path in stored.folder.glob("state/*")}
    found["metadata"] = json.dumps(
        {key: stored.metadata[key] for key in ("metrics", "config", "data", "sample", "run")}
    ).encode()
    return {name: data.replace(version.encode(), b"V") for name, data in found.items()}


def check_registry(home: Path) -> None:
    """One version by the run, promoted once, in charge; one finished row."""
    with at_home(home):
        mine = [m for m in registry.list_models(FUND) if m.metadata.get("run") == RUN]
        assert [m.version for m in mine] == [registry.champion_version(FUND)]
        records = registry.audit_records(FUND)
        done = [r for r in records if r["to"] == mine[0].version and r["state"] == "done"]
        assert [record["action"] for record in done] == ["promote"]
        assert registry.alias_version(FUND, "previous") is not None
        rows = [row for row in RunsTable().rows(FUND) if row["run"] == RUN]
        assert [(row["state"], row["decision"]) for row in rows] == [("done", "promoted")]
        assert not list(RunFolder(FUND, RUN).path.rglob(".*.*"))


def disturbed(ground: Path, homes: Iterator[Path], kills: int, usual: float) -> list[Path]:
    """Runs that were killed `kills` times in all, each then brought to its end."""
    draw, left, found = random.Random(0), kills, []
    while left:
        home = next(homes)
        shutil.copytree(ground, home)
        done = False
        while left and not done:
            done = finished_within(home, draw.uniform(0.0, usual))
            left -= not done
        assert done or finished_within(home, PATIENCE)
        found.append(home)
    return found


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_ends_as_one_that_is_not(
    ground: Path, tmp_path: Path, kills: int
) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(ground, plain)
    assert finished_within(plain, PATIENCE)
    expected = outputs(plain)
    assert {f"steps/{name}.json" for name in steps()} - {"steps/latency.json"} <= set(expected)
    with at_home(plain):
        usual = sum(RunFolder(FUND, RUN).seconds().values())
    homes = (tmp_path / str(number) for number in count())
    for home in disturbed(ground, homes, kills, usual):
        check_registry(home)
        found = outputs(home)
        assert sorted(found) == sorted(expected)
        assert [name for name in expected if found[name] != expected[name]] == []


@pytest.mark.parametrize("every", [97, pytest.param(3, marks=pytest.mark.slow)])
def test_killed_at_any_line_that_writes_a_model_is_saved_and_promoted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    step, kills = 0, 0
    while True:
        monkeypatch.setenv("HALYARD_HOME", str(tmp_path / str(step)))
        old = save()
        registry.promote(old)
        if not killed_at(step, lambda: run_scripted(Scripted(), run_id=RUN)):
            break
        kills += 1
        assert run_scripted(Scripted(), run_id=RUN).decision == "promoted"
        mine = [m for m in registry.list_models(NAME) if m.metadata["run"] == RUN]
        assert [m.version for m in mine] == [registry.champion_version(NAME)]
        made = [r for r in registry.audit_records(NAME) if r["state"] == "done"]
        assert [record["to"] for record in made] == [old.version, mine[0].version]
        assert RunsTable().rows(NAME)[0]["state"] == "done"
        step += every
    assert kills > 5
