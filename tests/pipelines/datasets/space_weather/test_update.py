"""Updating space weather: whole or not at all, never shorter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError, DependencyError
from pipelines.datasets.space_weather.fetch import Fetched, fetch
from pipelines.datasets.space_weather.table import EMBEDDED, provenance, read_table
from pipelines.datasets.space_weather.update import DEFAULT_SOURCES, update_space_weather
from tests.pipelines.datasets.space_weather import texts
from tests.pipelines.datasets.space_weather.serving import Answer, serve

#: The embedded table ends on 2025-07-20; these files end on 2025-08-04 and on 2025-08-09.
DAYS, MORE = 35, 40


def source(folder: Path, text: str, name: str = "sw.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def unreachable(url: str) -> Fetched:
    raise DependencyError(f"{url}: no network")


def test_new_days_are_added_and_old_ones_kept(tmp_path: Path) -> None:
    target = tmp_path / "t.parquet"
    done = update_space_weather([source(tmp_path, texts.celestrak(DAYS))], target)
    kept = read_table(target)
    assert done.changed
    assert kept.data_hash == done.weather.data_hash
    assert (str(kept.first), str(kept.last)) == ("1995-01-01", "2025-08-04")
    # 1 July 2025 was in both: the newer file's value stands.
    day = int((texts.FIRST - kept.first).astype(int))
    assert kept.f107[day : day + 2].tolist() == [150.0, 151.0]
    assert kept.f107[day - 1] == read_table(EMBEDDED).f107[day - 1]


def test_the_table_remembers_what_it_was_made_from(tmp_path: Path) -> None:
    target = tmp_path / "t.parquet"
    done = update_space_weather([source(tmp_path, texts.gfz(DAYS))], target)
    (used,) = provenance(target)["sources"]
    assert used == done.used[0]
    assert used["bytes"] == (tmp_path / "sw.csv").stat().st_size
    assert read_table(target).as_of == np.datetime64(used["retrieved"])


def test_days_before_the_table_begins_are_left_out_gaps_and_all(tmp_path: Path) -> None:
    # From 1994 on, and without F10.7 in six days of every hundred, the first ones among them.
    days = 11_200
    text = texts.gfz(days, first=np.datetime64("1994-12-20"))
    text = text.replace("   150.0    152.0", "    -1.0     -1.0")
    for day in range(1, 6):
        text = text.replace(f"   {150.0 + day}    {152.0 + day}", "    -1.0     -1.0")
    done = update_space_weather([source(tmp_path, text)], tmp_path / "t.parquet")
    assert (str(done.weather.first), len(done.weather)) == ("1995-01-01", days - 12)


def test_a_later_update_builds_on_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "t.parquet"
    update_space_weather([source(tmp_path, texts.celestrak(DAYS))], target)
    done = update_space_weather([source(tmp_path, texts.gfz(MORE, unknown_from=3))], target)
    assert str(done.weather.last_kp_end) == "2025-08-09T09"


def test_several_sources_are_merged_and_halves_complete_each_other(tmp_path: Path) -> None:
    halves = (texts.daily_csv(DAYS), texts.three_hourly_csv(8 * DAYS))
    named = [source(tmp_path, text, f"{i}.csv") for i, text in enumerate(halves)]
    done = update_space_weather(named, tmp_path / "t.parquet")
    assert len(done.used) == 2
    tail = done.weather.kp[-DAYS:]
    np.testing.assert_allclose(tail, texts.expected(DAYS).kp)


def test_a_shorter_file_is_refused_and_the_table_stays(tmp_path: Path) -> None:
    target = tmp_path / "t.parquet"
    update_space_weather([source(tmp_path, texts.celestrak(MORE))], target)
    before = target.read_bytes()
    with pytest.raises(DataError, match=r"its F10.7 ends at 2025-08-04, what is kept reaches 2025"):
        update_space_weather([source(tmp_path, texts.celestrak(DAYS))], target)
    assert target.read_bytes() == before


def test_a_damaged_file_is_refused_and_the_table_stays(tmp_path: Path) -> None:
    target = tmp_path / "t.parquet"
    with pytest.raises(DataError, match="the file is damaged or cut off"):
        update_space_weather([source(tmp_path, texts.celestrak(DAYS)[:-30])], target)
    assert not target.exists()


def test_a_file_that_begins_after_a_gap_is_refused(tmp_path: Path) -> None:
    late = texts.celestrak(3, first=np.datetime64("2026-01-01"))
    with pytest.raises(DataError, match=r"begins on 2026-01-01, what is kept ends on 2025-07-20"):
        update_space_weather([source(tmp_path, late)], tmp_path / "t.parquet")


def test_without_a_network_what_is_there_stays_and_both_failures_are_told(tmp_path: Path) -> None:
    target = tmp_path / "t.parquet"
    done = update_space_weather((), target, unreachable)
    assert not done.changed
    assert done.path == EMBEDDED
    assert done.weather.data_hash == read_table(EMBEDDED).data_hash
    assert done.failures == tuple(f"{url}: no network" for url in DEFAULT_SOURCES)
    assert not target.exists()


def test_the_second_default_source_stands_in_for_a_first_that_is_damaged(tmp_path: Path) -> None:
    files = {
        DEFAULT_SOURCES[0]: source(tmp_path, "<html>busy</html>", "first"),
        DEFAULT_SOURCES[1]: source(tmp_path, texts.gfz(DAYS), "second"),
    }
    done = update_space_weather((), tmp_path / "t.parquet", lambda url: fetch(files[url]))
    assert done.changed
    assert len(done.failures) == 1
    assert str(done.weather.last) == "2025-08-04"


def test_the_second_default_source_is_left_alone_when_the_first_works(tmp_path: Path) -> None:
    asked: list[str] = []

    def first_only(url: str) -> Fetched:
        asked.append(url)
        return fetch(source(tmp_path, texts.celestrak(DAYS)))

    update_space_weather((), tmp_path / "t.parquet", first_only)
    assert asked == [DEFAULT_SOURCES[0]]


def test_a_table_is_updated_over_http(tmp_path: Path) -> None:
    with serve(Answer(200, texts.celestrak(DAYS).encode())) as url:
        done = update_space_weather([url], tmp_path / "t.parquet")
    assert done.used[0]["source"] == url
    assert str(done.weather.last) == "2025-08-04"
