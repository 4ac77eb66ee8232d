"""A private PostgreSQL server for tests, and a fresh database for each that asks.

    from tests.servers.postgres import fresh_database

    def test_something() -> None:
        url = fresh_database()      # postgresql://…, skips where PostgreSQL is not installed

The server is started by the first caller of a test run and ends with the process, also
when that is killed. It listens on a free port of 127.0.0.1, trusts everyone there, and
keeps nothing. With HALYARD_CI=1 a missing server fails the test: there nothing may skip.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

import pytest

#: Who runs the server where the tests run as root, which it refuses.
_ACCOUNTS = ("postgres", "nobody")
_PATIENCE = 60.0
_numbers = count(1)


def fresh_database() -> str:
    """URL of a new, empty database; skips, or fails with HALYARD_CI=1, without PostgreSQL."""
    port = _started()
    name = f"test_{os.getpid()}_{next(_numbers)}"
    run_sql(server_url(port), f'CREATE DATABASE "{name}"')
    return f"postgresql://{_OWNER}@127.0.0.1:{port}/{name}"


def server_url(port: int | None = None) -> str:
    """URL of the maintenance database, e.g. to end other sessions."""
    return f"postgresql://{_OWNER}@127.0.0.1:{port or _started()}/postgres"


def run_sql(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run one statement by itself and return its rows."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


_OWNER = "halyard"


@cache
def _started() -> int:
    """Make a cluster, start its server, wait until it answers; return its port."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="halyard-postgres-"))
    user = _account(folder)
    data = folder / "data"
    how = ["-D", str(data), "-U", _OWNER, "-A", "trust", "-N", "-E", "UTF8", "--no-locale"]
    subprocess.run([*user, str(binaries / "initdb"), *how], check=True, capture_output=True)
    port = _free_port()
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "fsync": "off",
        "max_connections": 50,
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    log = (folder / "log").open("w")
    command = [*user, str(binaries / "postgres"), "-D", str(data), *words]
    server = subprocess.Popen(_with_parent(command), stdout=log, stderr=log)
    atexit.register(_end, server, folder)
    _wait(port, server, folder)
    return port


def _binaries() -> Path:
    """Folder of initdb and postgres."""
    found = [Path(each).parent for each in (shutil.which("initdb"),) if each]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    missing = "PostgreSQL is not installed (apt-get install postgresql)"
    if os.environ.get("HALYARD_CI") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def _account(folder: Path) -> list[str]:
    """How to run a command as somebody who may own the cluster; the folder becomes theirs."""
    if os.geteuid() != 0:
        return []
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in _ACCOUNTS:
        if name in known:
            os.chown(folder, known[name].pw_uid, known[name].pw_gid)
            group = str(known[name].pw_gid)
            return ["setpriv", f"--reuid={name}", f"--regid={group}", "--clear-groups"]
    pytest.fail(f"root cannot run PostgreSQL, and there is no account {' or '.join(_ACCOUNTS)}")


def _with_parent(command: list[str]) -> list[str]:
    """Let the server stop (SIGQUIT) when this process is gone, however it ended."""
    watch = (
        "import os,signal,subprocess,sys,time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "server = subprocess.Popen(sys.argv[2:], start_new_session=True)\n"
        "signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGQUIT))\n"
        "while server.poll() is None:\n"
        "    if os.getppid() != int(sys.argv[1]):\n"
        "        server.send_signal(signal.SIGQUIT)\n"
        "    time.sleep(0.2)\n"
    )
    return [sys.executable, "-c", watch, str(os.getpid()), *command]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            psycopg.connect(server_url(port)).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()[-500:]}")


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)
