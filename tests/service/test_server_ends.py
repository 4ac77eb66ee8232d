"""The server ends when it is told to, and does not start when it cannot serve."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import httpx
import pytest

from benchmarks.model_variants import store_variant
from pipelines import registry
from pipelines.registry import FUND_SHARPE
from tests.service.running import Server, free_port, halyard, served


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def end(server: Server, number: int) -> int:
    server.process.send_signal(number)
    return server.process.wait(30)


def test_sigterm_ends_the_server_and_frees_its_port(trained_home: Path, tmp_path: Path) -> None:
    with served(trained_home, tmp_path / "log") as server:
        port = int(server.address.rpartition(":")[2])
        assert end(server, signal.SIGTERM) == 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        assert "Traceback" not in server.said()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children on Linux alone")
def test_a_killed_command_leaves_no_server_behind(trained_home: Path, tmp_path: Path) -> None:
    with served(trained_home, tmp_path / "log") as server:
        assert end(server, signal.SIGKILL) == -signal.SIGKILL
        wait_for_silence(server.address)


def wait_for_silence(address: str) -> None:
    """Until nobody listens there any more; AssertionError when somebody still does."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            httpx.get(f"{address}/livez", timeout=5)
        except httpx.TransportError:
            return
        time.sleep(0.1)
    raise AssertionError(f"a server still answers on {address}")


def test_a_busy_port_is_one_line_that_names_another(trained_home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = halyard(trained_home, "serve", PORT=str(port))
    assert done.returncode == 2
    assert one_line(done.stderr).startswith(f"halyard: cannot listen on 127.0.0.1:{port} (")
    assert f"halyard serve --port {port + 1}" in done.stderr
    assert done.stdout == ""


def test_a_damaged_model_is_one_line_and_no_crash_loop(trained_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(trained_home, home, symlinks=True)
    for file in (home / "bentoml/models" / FUND_SHARPE).glob("*/state/*.safetensors"):
        data = file.read_bytes()
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    done = halyard(home, "serve", "--port", str(free_port()))
    assert done.returncode == 2
    assert "its sha256 differs" in one_line(done.stderr)


def test_an_alias_to_a_version_that_is_gone_is_one_line(trained_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(trained_home, home, symlinks=True)
    (home / "aliases/fund-sharpe.json").write_text('{"champion": "gone"}')
    done = halyard(home, "serve", "--port", str(free_port()))
    assert done.returncode == 2
    assert "no version 'gone' of model 'fund-sharpe'" in one_line(done.stderr)


def test_a_model_that_computes_something_else_ends_the_server(
    trained_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(trained_home, home, symlinks=True)
    monkeypatch.setenv("HALYARD_HOME", str(home))
    registry.promote(store_variant(registry.get_model(FUND_SHARPE), 0.0, sample_off=0.5))
    done = halyard(home, "serve", "--port", str(free_port()))
    assert done.returncode == 2
    reasons = [line for line in done.stderr.splitlines() if line.startswith("halyard: ")]
    assert reasons[0].startswith("halyard: the model's sample forecast differs by 0.5")
    assert reasons[1:] == ["halyard: the server did not start; the reason is in the lines above"]
    assert "Traceback" not in done.stdout + done.stderr
