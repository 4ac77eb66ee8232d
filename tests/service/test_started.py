"""Workers know what their parent checked, and nobody else does."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.contract import State
from pipelines import registry
from pipelines.registry import FUND_SHARPE, StoredModel
from service.started import VARIABLE, earlier, tell_workers, told_by_parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    # Restored after the test, also when the test sets it.
    monkeypatch.setenv(VARIABLE, "null")
    return tmp_path


def save() -> StoredModel:
    state = State("toy", {}, {"weights": np.arange(3.0)})
    stored = registry.save_model(
        FUND_SHARPE, state, {}, metrics={}, config={}, data={"hash": "abc"}, seed=0
    )
    registry.promote(stored)
    return stored


def become_worker(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> None:
    told = {"parent": os.getppid(), "versions": versions}
    monkeypatch.setenv(VARIABLE, json.dumps(told))


def test_a_process_that_tells_is_no_worker_itself() -> None:
    tell_workers({FUND_SHARPE: "v1"})
    assert json.loads(os.environ[VARIABLE]) == {
        "parent": os.getpid(),
        "versions": {FUND_SHARPE: "v1"},
    }
    assert told_by_parent() is None
    assert list(earlier(FUND_SHARPE)) == []


def test_a_worker_has_the_previous_model_and_then_the_one_of_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second, _ = save(), save(), save()
    become_worker(monkeypatch, {FUND_SHARPE: first.version})
    found = [choice.versions for choice in earlier(FUND_SHARPE)]
    assert found == [{FUND_SHARPE: second.version}, {FUND_SHARPE: first.version}]


def test_a_model_that_was_deleted_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = save(), save(), save()
    become_worker(monkeypatch, {FUND_SHARPE: first.version})
    shutil.rmtree(second.folder)
    assert [choice.versions for choice in earlier(FUND_SHARPE)] == [{FUND_SHARPE: first.version}]


def test_a_name_that_was_not_there_at_the_start_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    become_worker(monkeypatch, {})
    assert list(earlier(FUND_SHARPE)) == []


def test_a_first_start_has_no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _, champion = save(), save()
    become_worker(monkeypatch, {FUND_SHARPE: champion.version})
    assert list(earlier(FUND_SHARPE)) == []


def test_a_damaged_alias_file_leaves_the_model_of_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save()
    become_worker(monkeypatch, {FUND_SHARPE: first.version})
    (home / "aliases/fund-sharpe.json").write_text("{")
    assert [choice.versions for choice in earlier(FUND_SHARPE)] == [{FUND_SHARPE: first.version}]
