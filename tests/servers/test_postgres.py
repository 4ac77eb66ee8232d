"""The server of the tests is real, private and gone at the end."""

from __future__ import annotations

import subprocess
import sys
import time

from sqlalchemy import text

from pipelines.database import open_database
from tests.servers.postgres import fresh_database, run_sql


def test_every_database_is_new_and_empty() -> None:
    first, second = fresh_database(), fresh_database()
    with open_database(first).begin() as connection:
        connection.execute(text("CREATE TABLE kept (x INTEGER)"))
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert run_sql(first, tables) == [(1,)]
    assert run_sql(second, tables) == [(0,)]


def test_the_server_ends_with_the_tests_that_were_killed() -> None:
    fresh_database()  # skips where there is none
    code = (
        "import os, signal\n"
        "from tests.servers.postgres import server_url\n"
        "print(server_url(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    url = done.stdout.strip()
    assert url.startswith("postgresql://"), done.stderr
    assert _gone(url)


def _gone(url: str) -> bool:
    import psycopg

    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return True
        time.sleep(0.1)
    return False
