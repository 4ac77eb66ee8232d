"""A database is found, opened, or refused with one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from models.errors import ConfigError, DependencyError
from pipelines.database import database_url, open_database, shown


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
