"""Fetching space weather from a server that fails, and from paths."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models.errors import DataError, DependencyError
from pipelines.datasets.space_weather.fetch import Fetched, Retries, fetch
from tests.pipelines.datasets.space_weather.serving import Answer, serve


def patient(url: str, attempts: int = 3) -> tuple[Fetched, list[float]]:
    """Fetch without sleeping; the waits that were asked for come back too."""
    waits: list[float] = []
    return fetch(url, Retries(attempts=attempts, timeout=5.0), waits.append), waits


def test_a_file_comes_with_its_checksum_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "sw.csv"
    path.write_bytes(b"DATE\n")
    got = fetch(str(path))
    assert got.text == "DATE\n"
    assert got.about() == {
        "source": str(path),
        "sha256": hashlib.sha256(b"DATE\n").hexdigest(),
        "bytes": 5,
        "retrieved": got.retrieved,
    }
    assert len(got.retrieved) == 19


def test_an_address_that_fails_twice_is_asked_a_third_time_with_longer_waits() -> None:
    with serve(Answer(503), Answer(500), Answer(200, b"DATE\n")) as url:
        got, waits = patient(url)
    assert got.text == "DATE\n"
    assert waits == [1.0, 2.0]


def test_a_file_that_is_cut_off_is_asked_for_again() -> None:
    with serve(Answer(200, b"DATE\n", claimed=500), Answer(200, b"DATE\n")) as url:
        got, waits = patient(url)
    assert (got.size, waits) == (5, [1.0])


def test_a_file_that_is_always_cut_off_is_refused() -> None:
    answers = [Answer(200, b"DATE\n", claimed=500)] * 2
    with (
        serve(*answers) as url,
        pytest.raises(DependencyError, match=r"cut off after 5 bytes \(2 attempt"),
    ):
        patient(url, attempts=2)


def test_what_will_not_be_there_a_moment_later_is_not_asked_for_again() -> None:
    with (
        serve(Answer(404), Answer(200, b"DATE\n")) as url,
        pytest.raises(DependencyError, match=r"answered 404 Not Found \(1 attempt"),
    ):
        patient(url)


def test_a_machine_that_does_not_answer_is_told_in_one_line() -> None:
    with serve() as url:
        pass
    with pytest.raises(DependencyError, match=r"refused.*2 attempt.*or give a file with --source"):
        patient(url, attempts=2)


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        fetch(str(tmp_path / "absent"))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="expected a text file"):
        fetch(str(tmp_path / "bytes"))
