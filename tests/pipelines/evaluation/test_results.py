"""What a back-test leaves on disk."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from models.errors import ConfigError, DataError
from pipelines.evaluation.results import FORECASTS, METRICS, REPORT, Results, write_results
from tests.pipelines.evaluation.tables import about_contest, contest_table


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return write_results(contest_table(), tmp_path_factory.mktemp("out") / "new", about_contest())


def test_three_files_are_written_and_agree(written: Results) -> None:
    files = written.files
    assert [file.name for file in files.values()] == [METRICS, FORECASTS, REPORT]
    assert json.loads(files["metrics"].read_text("utf-8")) == json.loads(
        json.dumps(written.metrics)
    )
    assert pl.read_parquet(files["forecasts"]).equals(contest_table())
    assert written.verdict.headline in files["report"].read_text("utf-8")
    assert written.text.startswith("RMSE, forward")
    assert {file.name for file in files["report"].parent.iterdir()} == {METRICS, FORECASTS, REPORT}


def test_metrics_hold_every_part(written: Results) -> None:
    metrics = written.metrics
    assert (metrics["data_hash"], metrics["seed"]) == ("sha256:0123", 7)
    assert metrics["config"]["window"] == 12
    assert {row["model"] for row in metrics["rows"]} == {"ens", "lstm", "mean"}
    assert {row["model"] for row in metrics["sample_rows"]} == {"ens", "lstm", "mean", "slow"}
    wanted = {"model", "target", "horizon", "n_origins", "n_forecasts", "rmse", "mae", "mase"}
    wanted |= {"smape", "crps", "coverage_50", "coverage_80", "coverage_90", "coverage_95"}
    wanted |= {"rank_ic", "rank_ic_t", "decile_spread", "decile_spread_t", "turnover"}
    assert set(metrics["rows"][0]) == wanted
    assert {"scope", "model_a", "model_b", "p_value", "method"} <= set(metrics["tests"][0])
    assert metrics["mcs"][0]["included"] == ["ens"]
    assert metrics["superiority"][0]["benchmark"] == "ens"


def test_the_same_seed_gives_the_same_metrics_file(written: Results, tmp_path: Path) -> None:
    again = write_results(contest_table(), tmp_path, about_contest())
    assert again.files["metrics"].read_bytes() == written.files["metrics"].read_bytes()


@pytest.mark.parametrize("config", [{"a": float("nan")}, {"a": object()}])
def test_settings_that_json_cannot_hold_are_refused(
    tmp_path: Path, config: dict[str, object]
) -> None:
    with pytest.raises(ConfigError, match="expected values that JSON can hold"):
        write_results(contest_table(origins=2), tmp_path, about_contest(config=config))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        write_results(contest_table(origins=2).clear(), tmp_path, about_contest())
