"""`halyard serve`: the models that are not there yet, then the server."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from models.errors import ConfigError, DependencyError
from pipelines.environment import process_environment
from pipelines.registry import THERMOSPHERE_DENSITY as DENSITY

START_SECONDS = 180.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.2
#: From linux/prctl.h.
PR_SET_PDEATHSIG = 1


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port.")] = 3000,
    host: Annotated[str, typer.Option(help="Address; 0.0.0.0 for all.")] = "127.0.0.1",
) -> None:
    """Serve the champions over HTTP: the fund model and the density emulator.

    One that is not there yet is trained first, with what the package brings.

    \b
    Example:
      halyard serve --port 3000
    """
    check_port(host, port)
    ensure_champions()
    child = start(host, port)
    try:
        wait_until_ready(child, host, port)
        announce(host, port)
        code = child.wait()
    except KeyboardInterrupt:
        # The announced way to end it, so not an error.
        typer.echo("Stopping.")
        code = 0
    finally:
        stop(child)
    if code not in (0, -signal.SIGTERM, -signal.SIGINT):
        raise DependencyError(f"the server ended by itself with code {code}; see the lines above")


def check_port(host: str, port: int) -> None:
    """Raise ConfigError when the port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does it: the rest of a closed connection does not count as use.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another port, "
                f"for example `halyard serve --port {port % 65535 + 1}`"
            ) from error


def ensure_champions() -> None:
    """Train what has no champion, package all unless they are. Raises HalyardError."""
    from pipelines import registry
    from pipelines.served import served_champions
    from service.commands.package import build_bento, find_bento

    # Before the server starts: here a damaged file is one line, there it is two. And before
    # the training, which takes minutes.
    for stored in served_champions():
        registry.verify(stored)
    for name, train in ((registry.FUND_SHARPE, train_first), (DENSITY, train_density_first)):
        if registry.champion_version(name) is None:
            train()
    champions = served_champions()
    if find_bento(champions) is None and (bento := build_bento(champions)) is not None:
        tags = " and ".join(champion.tag for champion in champions)
        typer.echo(f"Packaged {tags} as {bento}.")


def train_first() -> None:
    """Train the shipped settings on the embedded data and make the model the champion."""
    from models.fund_sharpe import FundSharpeConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.datasets.open_panel import open_panel
    from service.commands.train import train_and_store

    typer.echo("No fund model yet: training one on the embedded data (once, less than a minute).")
    settings = load_dataclass(FundSharpeConfig, "fund_sharpe")
    train_and_store(open_panel(None).panel, settings, promote=True)


def train_density_first() -> None:
    """Train the short shipped settings on fields of NRLMSIS and make it the champion."""
    from service.commands import train_density

    typer.echo(
        "No density emulator yet: training one on fields of NRLMSIS (once, several minutes)."
    )
    train_density.train_first()


def start(host: str, port: int) -> subprocess.Popen[bytes]:
    """Start BentoML with the environment that was measured to be fast."""
    from pipelines.registry import bentoml_home

    root = Path(__file__).resolve().parents[2]
    words = ["serve", "service.app:Halyard", "--working-dir", str(root)]
    environment = process_environment() | {"BENTOML_HOME": str(bentoml_home())}
    child = subprocess.Popen(
        [sys.executable, "-m", "bentoml", *words, "--host", host, "--port", str(port)],
        env=environment,
        preexec_fn=_end_with_parent,
    )

    def pass_on(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    return child


def stop(child: subprocess.Popen[bytes]) -> None:
    """End the server: let it finish what it answers, then insist."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _end_with_parent() -> None:
    """Let the kernel end the server when this process is killed, so that no port stays taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until_ready(child: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Wait for /readyz. Raises DependencyError when the server ends or takes too long."""
    address = f"http://{_reachable(host)}:{port}/readyz"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            raise DependencyError("the server did not start; the reason is in the lines above")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_POLL_SECONDS)
    raise DependencyError(f"the server was not ready after {START_SECONDS:.0f} seconds")


def announce(host: str, port: int) -> None:
    """Print where the service is, and requests that can be pasted."""
    from service.example import curl_line, density_curl_line

    address = f"http://{_reachable(host)}:{port}"
    typer.echo(f"\nHalyard serves on {address} (docs: {address}/docs). Try it:\n")
    typer.echo(f"{curl_line(address)}\n\n{density_curl_line(address)}")
    typer.echo(f"\nStop it with Ctrl-C (process {os.getpid()}).")


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
