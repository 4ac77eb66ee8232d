"""Rows of a real query: their types, their copy on disk, and what is told when one fails."""

from __future__ import annotations

import io
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from models.errors import DataError, DependencyError
from pipelines.batch.contract import FILE, ROW, Shard
from pipelines.batch.file_source import FileSource
from pipelines.batch.postgres_connection import connect
from pipelines.batch.postgres_query import Query, QuerySource, _last_row, as_file
from tests.servers.postgres import fresh_database, run_sql


@pytest.fixture
def url() -> str:
    return fresh_database()


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


def test_times_that_no_table_has_are_none_and_a_comment_may_end_a_statement(url: str) -> None:
    statement = (
        "SELECT 'infinity'::date AS a, date '12024-01-01' AS b, '0044-03-15 BC'::date AS c, "
        "'-infinity'::timestamptz AS d, timestamp '12024-01-01' AS e, date '2020-02-29' AS f "
        "-- of which one is a day"
    )
    found = Query(url, statement).head()
    assert found.row(0) == (None, None, None, None, None, date(2020, 2, 29))
    assert found.dtypes == [pl.Date] * 3 + [pl.Datetime("us")] * 2 + [pl.Date]


def test_a_missing_driver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DependencyError, match=r"pip install 'halyard\[postgresql\]'"):
        connect("postgresql://host/name")


def test_a_source_that_was_not_prepared_has_no_shards() -> None:
    source = QuerySource(Query("postgresql://host/name", "SELECT 1"), FileSource(()))
    with pytest.raises(RuntimeError, match="not prepared"):
        source.shards()
    with pytest.raises(RuntimeError, match=r"not prepared \(part-000000\)"):
        source.read(Shard(0, 1, {}))


def test_text_is_cut_at_the_end_of_rows_outside_quotes() -> None:
    text = b'a,1\n"b\nc",2\n"d\n'
    assert text[: _last_row(text)] == b'a,1\n"b\nc",2\n'
    assert _last_row(b'"d\n') == 0
    assert pl.read_csv(io.BytesIO(text[:12]), has_header=False).height == 2
