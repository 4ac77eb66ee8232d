"""Start `halyard serve` as a user does, on a free port, and read what it says."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.environment import process_environment

#: Longest wait for a start on a busy machine.
PATIENCE = 120.0


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process and the file of its output."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def said(self) -> str:
        """Everything that it wrote so far, to stdout and stderr."""
        return self.log.read_text("utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh shell with its own HALYARD_HOME."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BENTOML_", "PYTHON"))}
    return {**process_environment(kept), "HALYARD_HOME": str(home), **more}


def halyard(
    home: Path, *words: str, folder: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command line to its end, in `folder` or here."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", *words],
        cwd=folder,
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        # A server that should not have started is ended with all that it started.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@contextmanager
def serving(
    command: list[str],
    folder: Path,
    port: int,
    ready: str,
    env: dict[str, str],
    log: Path,
    patience: float = PATIENCE,
) -> Iterator[Server]:
    """Run a server until the block ends; it is up when its output holds `ready`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own, so that nothing is left behind.
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait_for(server, ready, patience)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


@contextmanager
def served(home: Path, log: Path, patience: float = PATIENCE, **more: str) -> Iterator[Server]:
    """`halyard serve` on a free port; `more` goes into its environment."""
    port = free_port()
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    root = Path(__file__).resolve().parents[2]
    env = environment(home, **more)
    with serving(command, root, port, "Stop it with", env, log, patience) as server:
        yield server


def _wait_for(server: Server, ready: str, patience: float) -> None:
    until = time.monotonic() + patience
    while ready not in server.said():
        if server.process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"the server did not start:\n{server.said()}")
        time.sleep(0.05)
