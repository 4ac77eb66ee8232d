"""The page in a browser: it asks the server by itself and draws what it answers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from service.fund_sharpe import FORECAST_PATH
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
    for words in (FORECAST_PATH, "/v1/models", "/readyz", "risk_free", "ErrorEnvelope"):
        assert words in page
    assert f"curl -s {server.address}{FORECAST_PATH}" in page
