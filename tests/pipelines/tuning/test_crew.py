"""A worker sends what its trials gave or what stopped it; here without a process of its own."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from models.errors import ModelError
from pipelines.tuning import crew
from pipelines.tuning.job import Job
from pipelines.tuning.run import storage_url
from pipelines.tuning.settings import TrialRecord, TuningSettings
from tests.pipelines.tuning import toys


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Workers take signals for themselves; give them back to the tests."""
    both = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(each) for each in both]
    yield
    for each, handler in zip(both, before, strict=True):
        signal.signal(each, handler)


def sent(out: Path, toy: str = "bowl", **arguments: Any) -> list[Any]:
    """What a worker sends that takes part in a study of three trials."""
    settings = TuningSettings(trials=3, startup_trials=3)
    source, url = toys.source(toy, **arguments), storage_url(settings, out)
    inbox, outbox = Pipe(duplex=False)
    try:
        crew._work(Job(source, toys.bowl_space(), settings, url, None, "worker"), outbox)
    finally:
        outbox.close()
    came = []
    while inbox.poll():
        try:
            came.append(inbox.recv())
        except EOFError:
            break
    return came


def test_a_worker_takes_trials_until_none_is_left(tmp_path: Path) -> None:
    came = sent(tmp_path)
    assert [(trial.number, trial.state) for trial in came] == [(n, "complete") for n in range(3)]
    assert sent(tmp_path) == []


def test_a_defect_is_sent_with_where_it_was(tmp_path: Path) -> None:
    (error,) = sent(tmp_path, "broken")
    assert isinstance(error, KeyError)
    assert 'raise KeyError("a defect")' in error.__notes__[0]


def test_unusable_arguments_are_sent_before_any_trial(tmp_path: Path) -> None:
    (error,) = sent(tmp_path, "bowl", unknown=1)
    assert isinstance(error, TypeError)


def test_an_error_that_cannot_be_sent_is_sent_as_text() -> None:
    told = crew._sendable(toys.UnsendableError("a", "defect"))
    assert isinstance(told, ModelError)
    assert str(pickle.loads(pickle.dumps(told))) == (
        "a tuning worker stopped: UnsendableError: a defect"
    )


def test_a_worker_that_is_told_to_stop_ends_without_another_word(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        sent(tmp_path, "told_to_stop")
    assert ended.value.code == crew.STOPPED
    # A second signal does not stop what notes that it was stopped.
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_many_deaths_in_a_row_end_the_study() -> None:
    settings = TuningSettings(trials=3)
    job = Job(toys.source("bowl"), toys.bowl_space(), settings, "sqlite:///x.db", None, "w")
    crew._check(job, crew.MAX_DEATHS - 1)
    with pytest.raises(ModelError, match=f"the workers died {crew.MAX_DEATHS} times"):
        crew._check(job, crew.MAX_DEATHS)


def test_what_is_sent_is_plain_data(tmp_path: Path) -> None:
    assert all(type(trial) is TrialRecord for trial in sent(tmp_path))
