"""The page in a browser: it asks the server by itself and draws what it answers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from service.fund_sharpe import FORECAST_PATH
from service.thermosphere import DENSITY_FORECAST_PATH, DENSITY_PATH, ORBIT_PATH
from tests.service.running import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the browser chromium"),
]


def shown(address: str, folder: Path) -> str:
    """The document after its scripts ran."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000"]
    command = ["chromium", *flags, f"--user-data-dir={folder}", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_first_page_shows_a_forecast_of_the_example(server: Server, tmp_path: Path) -> None:
    page = shown(server.address + "/", tmp_path)
    assert page.count('<svg viewBox="0 0 440 250"') == 2
    rows = re.findall(r"<td>(rolling|forward)</td><td>(\d+)</td><td>(20\d\d-\d\d)</td>", page)
    assert rows == [
        ("rolling", "6", "2017-09"),
        ("rolling", "12", "2018-03"),
        ("forward", "6", "2017-09"),
        ("forward", "12", "2018-03"),
    ]
    assert "trained on 30 series, 1949-01 to 2017-03" in page


def test_the_docs_list_every_path_and_field(server: Server, tmp_path: Path) -> None:
    page = shown(server.address + "/docs", tmp_path)
    densities = (DENSITY_PATH, DENSITY_FORECAST_PATH, ORBIT_PATH, "DensityAnswer")
    for words in (FORECAST_PATH, *densities, "/v1/models", "/readyz", "risk_free", "ErrorEnvelope"):
        assert words in page
    assert f"curl -s {server.address}{FORECAST_PATH}" in page


def test_the_first_page_shows_the_density_of_the_example(server: Server, tmp_path: Path) -> None:
    page = shown(server.address + "/", tmp_path)
    median = re.search(r"<td>median</td><td>(\d\.\d\de−\d+)</td>", page)
    assert median is not None
    # The map is drawn, and says what it is of.
    assert re.search(r'<canvas id="map"[^>]*aria-label="map of density[^>]*>', page)
    assert 'role="img" aria-label="map of density by local time and latitude" hidden' not in page
    assert "Emulator of a made-up world; space weather observed, embedded" in page
    assert "an emulator of a made-up world, trained on 2003-06 to 2003-09" in page
