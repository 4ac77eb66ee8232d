"""Train, back-test and tune the density emulator from a folder of snapshots; wrong words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from models.emulators.settings import DensityConfig
from models.emulators.storage import to_state
from pipelines import registry
from pipelines.dataclass_config import load_dataclass
from pipelines.thermosphere_density import real_satellites
from pipelines.thermosphere_density.real_satellites import SatelliteJudgement
from pipelines.warm_up_density import DensitySample
from service import cli
from service.commands import backtest_density, train_density
from tests.models.emulators import worlds
from tests.pipelines.thermosphere_density.world_store import QUICK_WORDS, world_store

NAME = "thermosphere-density"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    return tmp_path


def snapshots() -> list[str]:
    return ["--snapshots", str(world_store().folder)]


def test_training_stores_promotes_and_says_its_scores(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", NAME, *snapshots(), "--workers", "1", *QUICK_WORDS]) == 0
    shown = capsys.readouterr()
    stored = registry.get_model(NAME)
    assert f"Champion is now {stored.version} (there was none before)" in shown.out
    assert "open-loop windows of 2002, which no network saw, with 2 components" in shown.out
    assert "a made-up world" in shown.err
    assert "1/1" in shown.err
    mape = stored.metadata["metrics"]["segments"]["all"]["mape"]
    assert ["all", f"{mape:.2f}", "%"] in [line.split()[:3] for line in shown.out.splitlines()]
    assert cli.run(["models", "show", NAME]) == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["all", f"{mape:.2f}", "%"] in [line[:3] for line in told]
    assert ["lstm", f"{mape:.3f}", "0.000"] in told


def test_a_back_test_ends_in_files_that_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    real = SatelliteJudgement((), (), ("A note on satellites.",))
    monkeypatch.setattr(backtest_density, "_satellites", lambda *_: real)
    words = [*snapshots(), "--out", str(out), "--year", "2002", "--workers", "1", "--quick"]
    words += ["--satellites", "some.csv"]
    judging = ["backtest.models=[emulator, persistence]", "backtest.small_rank=1"]
    quick = [word for word in QUICK_WORDS if not word.startswith("held_out")]
    assert cli.run(["backtest", NAME, *words, *judging, *quick]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("The emulator errs by")
    assert f"report: {out / 'report.html'}" in shown.out
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert {row["model"] for row in metrics["rows"]} == {"emulator", "persistence"}
    assert metrics["config"]["model"]["held_out"] == [2002]
    assert metrics["config"]["backtest"]["jobs"] == 1
    assert "A note on satellites." in (out / "report.html").read_text("utf-8")


def test_a_stored_emulator_is_judged_on_satellites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator, weather = worlds.tiny_emulator()
    sample = DensitySample.record(emulator, weather).to_json()
    about = {"metrics": {}, "config": {}, "data": {}}
    stored = registry.save_model(NAME, to_state(emulator), sample, seed=0, **about)
    registry.promote(stored)
    storms = tmp_path / "storms.txt"
    storms.write_text("2003-11-20/00:00:00 2003-11-20/08:00:00 2003-11-22/00:00:00", "utf-8")
    seen: list[tuple[object, ...]] = []

    def at_once(*given: object) -> SatelliteJudgement:
        seen.append(given)
        return SatelliteJudgement((), (), ("Some samples are too high.",))

    monkeypatch.setattr(real_satellites, "judge_satellites", at_once)
    file = tmp_path / "some.csv"
    names = "date,seconds_in_day_s,satellite,altitude_m,longitude_deg,latitude_deg,density_kg_m3"
    file.write_text(f"{names}\n2001-02-01,60,champ,350000,10,20,1e-11\n", "utf-8")
    found = backtest_density._satellites(file, storms, "champion")
    assert found.notes == (
        f"Judged on satellites: {stored.tag}, trained on a made-up world.",
        "Some samples are too high.",
    )
    ((measured, loaded, spans, _),) = seen
    assert measured.height.tolist() == [350.0]  # type: ignore[attr-defined]
    assert loaded.grid == emulator.grid  # type: ignore[attr-defined]
    assert [span.name for span in spans] == ["2003-11-20"]  # type: ignore[attr-defined]


def test_a_study_ends_in_settings_that_training_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = tmp_path / "space.yaml"
    rate = {"type": "float", "low": 1e-3, "high": 2e-2}
    space.write_text(yaml.safe_dump({"parameters": {"learning_rate": rate}}), "utf-8")
    out = tmp_path / "study"
    words = [*snapshots(), "--space", str(space), "--trials", "2", "--out", str(out)]
    model = [f"model.{word}" for word in QUICK_WORDS]
    assert cli.run(["tune", NAME, *words, "--loss", "mape", *model]) == 0
    assert "2 complete; the best is trial" in capsys.readouterr().out
    best = load_dataclass(DensityConfig, out / "best.yaml")
    assert best.rank == 2
    assert best.grid.local_times == 6
    assert 1e-3 <= best.recurrent.training.learning_rate <= 2e-2
    assert (out / "study.db").is_file()
    assert len(list(out.glob("series-*.safetensors"))) == 1


def test_the_first_emulator_has_short_settings_and_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[object, ...]] = []

    def remember(*given: object, **named: object) -> None:
        seen.append((*given, named))

    monkeypatch.setattr(train_density, "train_and_store", remember)
    train_density.train_first(workers=1)
    ((config, folder, workers, named),) = seen
    assert config == load_dataclass(DensityConfig, "thermosphere_first")
    assert (folder, workers, named) == (None, 1, {"promote": True})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", NAME, "--snapshots", "nowhere"], "nowhere: no manifest.json, so no folder of"),
        (["train", NAME, "members=0"], "members: expected 1 or more, got 0"),
        (["train", NAME, "member=2"], "override member: unknown key (did you mean 'members'?)"),
        (["train", NAME, "--config", "no.yaml"], "no.yaml: no such settings file"),
        (["train", NAME, "first=2001-13"], "--first: expected a month such as 1997-01"),
        (["train", NAME, "first=2030-01", "last=2030-02"], "2030-01-01T00 cannot be told from"),
        (["train", NAME, "--workers", "0"], "--workers"),
        (["backtest", NAME, "--year", "1980"], "expected a year from 1997-01 to 2008-12, got 1980"),
        (["backtest", NAME, "backtest.band=[1, 2]"], "did you mean 'bands'?"),
        (["backtest", NAME, "backtest.models=[tree]"], "no model called 'tree'; there is: emu"),
        (["backtest", NAME, "held_out=[]"], "held_out: expected a year to judge, got none"),
        (
            ["backtest", NAME, "last=1991-01", "first=1990-01", "held_out=[1990]"],
            "the settings want 1990-01 to 1991-01",
        ),
        (["backtest", NAME, "held_out=[2003]"], "expected years of the fields, got 2003"),
        (["backtest", NAME, "--quick", "held_out=[]"], "held_out: expected a year to judge"),
        (["backtest", NAME, "--satellites", "none.csv"], "none.csv: no such file"),
        (["tune", NAME, "--loss", "rmse"], "loss: expected one of nlpd, mape, got 'rmse'"),
        (["tune", NAME, "--sampler", "magic"], "sampler: expected"),
        (["tune", NAME, "space.layer.low=1"], "parameters.layer"),
        (["tune", NAME, "model.rank=0"], "rank: expected 1 or more, got 0"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = [] if words[0] == "train" else snapshots()
    assert cli.run([*words[:2], *folder, *words[2:]]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert expected in line
    assert line.startswith("halyard: ")
