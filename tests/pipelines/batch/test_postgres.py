"""Forecasts into a real PostgreSQL table, rows out of a real query."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.errors import ConfigError, DataError, DependencyError
from pipelines.batch.contract import FILE, ROW
from pipelines.batch.file_source import FileSource
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.postgres_query import Query, QuerySource, _last_row, as_file
from pipelines.batch.postgres_sink import PostgresSink, postgres_sink
from pipelines.batch.records import Records
from pipelines.batch.run import Summary, run_batch
from tests.pipelines.batch.killed import run_killed
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares
from tests.servers.postgres import fresh_database, run_sql, server_url

#: Forty shards by two workers, resumed where there is something to resume.
TOY = """
import sys
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.postgres_sink import postgres_sink
from pipelines.batch.run import run_batch
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares

if __name__ == "__main__":
    sink, job = postgres_sink(sys.argv[1], "squares"), Squares(bad=4, pause=0.02)
    run_batch(job, Numbers(120, 3), sink, LocalEngine(), resume=True, created_at=MOMENT)
"""
ROWS = "SELECT id, square, version, created_at FROM squares ORDER BY id::int, version"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def url() -> str:
    return fresh_database()


def run(url: str, job: Squares | None = None, **more: Any) -> Summary:
    given = {"workers": 1, "created_at": MOMENT, **more}
    return run_batch(
        job or Squares(), Numbers(), postgres_sink(url, "squares"), LocalEngine(), **given
    )


def test_a_run_fills_a_table_with_its_key_and_lists_rejects_apart(url: str) -> None:
    summary = run(url, Squares(bad=4))
    assert (summary.rows, summary.rejects) == (9, 1)
    rows = run_sql(url, ROWS)
    assert [row[1] for row in rows] == [0, 1, 4, 9, 25, 36, 49, 64, 81]
    assert {row[3] for row in rows} == {MOMENT}
    rejects = run_sql(url, 'SELECT "where", id, reason FROM squares_rejects')
    assert rejects == [("number 4", "4", "expected another number, got 4")]
    key = "SELECT count(*) FROM pg_indexes WHERE tablename = 'squares' AND indexdef LIKE '%UNIQUE%'"
    assert run_sql(url, key) == [(1,)]


def test_the_same_forecast_again_replaces_its_rows_and_another_version_adds_its_own(
    url: str,
) -> None:
    run(url)
    run(url)
    assert run_sql(url, "SELECT count(*) FROM squares") == [(10,)]
    run(url, Squares(version="2"))
    assert run_sql(url, "SELECT version, count(*) FROM squares GROUP BY 1 ORDER BY 1") == [
        ("1", 10),
        ("2", 10),
    ]


def test_a_run_that_was_stopped_goes_on_and_writes_only_what_is_missing(url: str) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(url, progress=stop)
    summary = run(url, resume=True)
    assert (summary.before, summary.rows) == (2, 10)
    assert len(run_sql(url, ROWS)) == 10


def test_a_record_without_its_transaction_is_made_again(url: str) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= 6:
            run_sql(url, "DELETE FROM halyard_batch_shards WHERE shard = 0")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(url, progress=stop)
    assert run(url, resume=True).before == 1


def test_kills_at_any_moment_neither_double_nor_lose_a_row(tmp_path: Path) -> None:
    script = tmp_path / "toy.py"
    script.write_text(TOY)
    urls = [fresh_database(), fresh_database()]
    assert run_killed([str(script), urls[0]], 0, 3, 0.0) == (0, 0)
    exists = "SELECT to_regclass('halyard_batch_shards') IS NOT NULL"

    def progress() -> int:
        there = run_sql(urls[1], exists) == [(True,)]
        return int(str(run_sql(urls[1], "SELECT count(*) FROM squares")[0][0])) if there else 0

    code, killed = run_killed([str(script), urls[1]], 3, 3, 0.1, progress=progress)
    assert (code, killed) == (0, 3)
    assert run_sql(urls[1], ROWS) == run_sql(urls[0], ROWS)
    rejects = 'SELECT "where" FROM squares_rejects ORDER BY 1'
    assert run_sql(urls[1], rejects) == run_sql(urls[0], rejects)


def test_a_server_that_ends_sessions_is_tried_again(url: str) -> None:
    name = url.rsplit("/", 1)[1]
    ended: list[int] = []

    def end_sessions(done: int, _total: int) -> None:
        if done == 3:
            ended.append(done)
            run_sql(
                server_url(),
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            )

    assert run(url, progress=end_sessions).rows == 10
    assert ended == [3]
    assert len(run_sql(url, ROWS)) == 10


def test_a_table_of_another_shape_is_refused(url: str) -> None:
    run_sql(url, "CREATE TABLE squares (id text PRIMARY KEY)")
    with pytest.raises(ConfigError, match="exists without column 'square'"):
        run(url)
    run_sql(url, "DROP TABLE squares")
    columns = "id text, square float8, version text, created_at timestamptz"
    run_sql(url, f"CREATE TABLE squares ({columns})")
    with pytest.raises(ConfigError, match="exists without the key id, version"):
        run(url, overwrite=True)


def test_a_sink_travels_without_its_connection(url: str, tmp_path: Path) -> None:
    sink = PostgresSink(url, "t", tmp_path)
    sink.open()
    assert pickle.loads(pickle.dumps(sink))._connection is None
    sink.finish([])


@pytest.mark.parametrize("table", ["a b", "a.b.c", "x;y", ""])
def test_a_name_that_is_no_table_is_refused(table: str) -> None:
    with pytest.raises(ConfigError, match="expected a name such as forecasts"):
        postgres_sink("postgresql://host/name", table)


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(DependencyError, match="cannot be opened") as told:
        run("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


TABLE = """
CREATE TABLE odd (id text, day date, moment timestamptz, plain timestamp, ret float8,
                  size int, yes boolean, cash numeric);
INSERT INTO odd VALUES
 ('a "quoted", name', '2020-01-31', '2020-01-31 01:00+02', '2020-01-31 01:00', 0.1, 1, true, 1.5),
 (E'two\\nlines', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 ('', '2020-02-29', '2020-02-29 00:00:00.25+00', '2020-02-29', 'NaN', 3, false, 2)
"""


def odd(url: str) -> str:
    run_sql(url, TABLE)
    return "SELECT * FROM odd;"


def test_a_query_keeps_types_empty_texts_quotes_and_lines(url: str) -> None:
    (found,) = list(Query(url, odd(url)).tables())
    assert found["id"].to_list() == ['a "quoted", name', "two\nlines", ""]
    assert found["day"].dtype == pl.Date
    assert str(found["moment"][0]) == "2020-01-30 23:00:00"
    assert str(found["moment"][2]) == "2020-02-29 00:00:00.250000"
    assert found["ret"].is_nan().to_list() == [False, None, True]
    assert found["size"].to_list() == [1, None, 3]
    assert found["yes"].to_list() == [True, None, False]
    assert found["cash"].to_list() == [1.5, None, 2.0]


def test_a_query_is_copied_once_in_pieces_and_read_like_a_file(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.batch.postgres_query.CHUNK", 200)
    query = Query(url, "SELECT i AS id, i * 0.5 AS half FROM generate_series(1, 1000) AS i")
    inner = FileSource((), rows_per_shard=300)
    source = QuerySource(query, inner).prepare(tmp_path)
    frames = [source.read(shard)[0] for shard in source.shards()]
    table = pl.concat(frames)
    assert [frame.height for frame in frames] == [300, 300, 300, 100]
    assert table["half"].to_list() == [0.5 * i for i in range(1, 1001)]
    assert table[ROW].to_list() == list(range(1, 1001))
    assert table[FILE].unique().to_list() == ["--query"]
    # A resumed run reads the copy: the table may have changed, or the server be gone.
    again = QuerySource(Query("postgresql://127.0.0.1:1/x", "SELECT 1"), inner).prepare(tmp_path)
    assert again.read(again.shards()[0])[0].equals(frames[0])


def test_a_query_without_rows_has_its_columns(url: str, tmp_path: Path) -> None:
    found = Query(url, "SELECT 1 AS a, 'x' AS b WHERE false").head()
    assert (found.columns, found.height) == (["a", "b"], 0)
    assert as_file(found, tmp_path).names() == ["a", "b"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT nothing FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT 1 AS a, 2 AS a", "two columns have one name"),
        ("DELETE FROM odd RETURNING 1", "syntax error"),
    ],
)
def test_a_statement_that_fails_is_one_line(url: str, statement: str, message: str) -> None:
    odd(url)
    with pytest.raises(DataError, match=message) as told:
        Query(url, statement).head()
    assert "\n" not in str(told.value)


def test_text_is_cut_at_the_end_of_rows_outside_quotes() -> None:
    text = b'a,1\n"b\nc",2\n"d\n'
    assert text[: _last_row(text)] == b'a,1\n"b\nc",2\n'
    assert _last_row(b'"d\n') == 0
    assert pl.read_csv(io.BytesIO(text[:12]), has_header=False).height == 2


def test_an_unfinished_run_is_told_before_anything_is_written(url: str) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(url, progress=stop)
    with pytest.raises(ConfigError, match="go on with --resume"):
        run(url)
    assert run(url, overwrite=True).before == 0
    assert Records(postgres_sink(url, "squares").state).plan() is None
