"""`halyard serve` in an empty folder: trains, packages, answers; the second start does neither."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from service.example import DENSITY_EXAMPLE, EXAMPLE_REQUEST
from service.fund_sharpe import FORECAST_PATH
from service.thermosphere import DENSITY_PATH
from tests.service.running import served

#: Seconds that both trainings may take on a busy machine of two cores.
FIRST_TRAINING = 900.0


@pytest.mark.slow
def test_an_empty_home_becomes_one_that_answers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = []
    for start in ("first", "second"):
        with served(home, tmp_path / start, FIRST_TRAINING) as server:
            answer = httpx.post(server.address + FORECAST_PATH, json=EXAMPLE_REQUEST, timeout=30)
            assert answer.status_code == 200
            answer = httpx.post(server.address + DENSITY_PATH, json=DENSITY_EXAMPLE, timeout=30)
            assert answer.status_code == 200
            assert answer.json()["model"]["label"] == "NRLMSIS 2.1"
            said.append(server.said())
    assert "training one on the embedded data" in said[0]
    assert "Scores on" in said[0]
    assert "training one on fields of NRLMSIS" in said[0]
    assert "Packaged fund-sharpe:" in said[0]
    assert not any(words in said[1] for words in ("training", "Packaged"))
    assert len(list((home / "bentoml/models/thermosphere-density").glob("*/metadata.json"))) == 1
    assert len(list((home / "bentoml/bentos/halyard").glob("*/bento.yaml"))) == 1
    assert len(list((home / "bentoml/models/fund-sharpe").glob("*/metadata.json"))) == 1
