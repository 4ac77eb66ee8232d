"""A database is found, opened, or refused with one line that says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.errors import ConfigError, DependencyError
from pipelines.database import database_url, open_database, shown
from tests.servers.postgres import fresh_database, run_sql, server_url


def test_the_default_is_a_file_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    with open_database().begin() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
    assert (tmp_path / "home" / "halyard.db").is_file()


def test_the_variable_comes_before_the_default_and_the_option_before_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HALYARD_DATABASE", "postgresql://me@there/halyard")
    assert database_url() == "postgresql://me@there/halyard"
    assert database_url("sqlite:///x.db") == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "expected a URL such as sqlite:///halyard.db"),
        ("mysql://host/name", "expected sqlite:// or postgresql://, got mysql://"),
    ],
)
def test_what_is_no_database_is_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_database(url)


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(DependencyError, match="cannot be opened") as told:
        open_database("postgresql://me:secret@127.0.0.1:1/halyard")
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)
    assert shown("postgresql://me:secret@h/n") == "postgresql://me:***@h/n"


def test_a_server_keeps_what_a_transaction_wrote_and_nothing_of_one_that_failed() -> None:
    url = fresh_database()
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))

    def write_twice() -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO t VALUES (2)"))
            connection.execute(text("INSERT INTO t VALUES (1)"))

    with pytest.raises(IntegrityError):
        write_twice()
    assert run_sql(url, "SELECT x FROM t") == [(1,)]


def test_a_session_that_the_server_ended_is_opened_again() -> None:
    url = fresh_database()
    engine = open_database(url)
    ended = run_sql(
        server_url(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{url.rsplit('/', 1)[1]}'",
    )
    assert ended == [(True,)]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 2")).scalar() == 2


def test_a_missing_driver_and_a_missing_database_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = fresh_database()
    with pytest.raises(DependencyError, match=r'"nowhere" does not exist$'):
        open_database(url.rsplit("/", 1)[0] + "/nowhere")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DependencyError, match=r"pip install 'halyard\[postgresql\]'"):
        open_database(url)
