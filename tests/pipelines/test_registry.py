"""A stored model never changes, is checked when read, and one version is the champion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.errors import ArtefactError
from pipelines import provenance, registry, served
from tests.pipelines.toy_models import save

pytest.importorskip("pipelines.artefacts")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def test_a_model_comes_back_as_it_was_saved() -> None:
    found = registry.load_state(registry.get_model("toy", save().version))
    assert (found.kind, dict(found.config)) == ("toy", {"window": 12})
    assert found.arrays["weights"].tolist() == [0.0, 1.0, 2.0]


def test_what_a_model_was_made_from_is_kept_beside_it() -> None:
    about = save(seed=7).metadata
    assert about["metrics"] == {"rmse": 1.5}
    assert about["data"]["last"] == "2016-12"
    assert about["seed"] == 7
    assert about["sample"] == {"excess": [[0.01]]}
    assert about["packages"]["torch"].startswith("2.")
    assert about["created"].endswith("+00:00")
    assert about["files"]


def test_lineage_names_software_user_and_the_champion_to_replace() -> None:
    first = save()
    assert (first.metadata["parent"], first.metadata["study"]) == (None, None)
    assert first.metadata["packages"].keys() >= {"optuna", "polars", "safetensors"}
    assert first.metadata["user"]
    registry.promote(first)
    assert save().metadata["parent"] == first.tag
    assert save(parent="toy:other").metadata["parent"] == "toy:other"


def test_a_damaged_alias_file_does_not_lose_what_was_trained(home: Path) -> None:
    (home / "aliases").mkdir()
    (home / "aliases/toy.json").write_text("{")
    assert save().metadata["parent"] is None


def test_every_save_is_a_new_version_and_the_newest_is_last() -> None:
    first, second = save(), save()
    assert first.version != second.version
    assert [m.version for m in registry.list_models("toy")] == [first.version, second.version]
    assert registry.get_model("toy", "latest").tag == second.tag
    assert [m.tag for m in registry.list_models()] == [first.tag, second.tag]


def test_the_champion_is_whom_we_promote_and_not_the_newest() -> None:
    first, _ = save(), save()
    assert registry.champion_version("toy") is None
    registry.promote(first)
    assert registry.get_model("toy").version == first.version
    found = served.served_model("toy")
    assert found is not None
    assert found.version == first.version


def test_promoting_leaves_no_stray_file(home: Path) -> None:
    registry.promote(save())
    names = sorted(p.name for p in (home / "aliases").iterdir())
    assert names == ["toy.audit.jsonl", "toy.json", "toy.lock"]


def test_a_changed_file_is_refused() -> None:
    model = save()
    (file,) = [model.folder / name for name in model.metadata["files"]][:1]
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(ArtefactError, match="sha256 differs"):
        registry.load_state(model)


def test_a_missing_file_is_named() -> None:
    model = save()
    (model.folder / next(iter(model.metadata["files"]))).unlink()
    with pytest.raises(ArtefactError, match="is missing"):
        registry.verify(model)


def test_metadata_that_json_cannot_hold_saves_nothing() -> None:
    with pytest.raises(ArtefactError, match="JSON without NaN"):
        save(rmse=float("nan"))
    assert registry.list_models("toy") == []


def test_an_empty_store_says_how_to_train() -> None:
    with pytest.raises(ArtefactError, match="halyard train toy"):
        registry.get_model("toy")
    assert served.served_model("toy") is None
    with pytest.raises(ArtefactError, match="no champion of 'fund-sharpe' or 'thermosphere-dens"):
        served.served_models()


def test_what_is_served_is_every_name_that_has_a_champion() -> None:
    registry.promote(save(name=registry.THERMOSPHERE_DENSITY))
    save(name=registry.FUND_SHARPE)
    assert list(served.served_models()) == [registry.THERMOSPHERE_DENSITY]


def test_an_unknown_version_lists_the_known_ones() -> None:
    model = save()
    with pytest.raises(ArtefactError, match=f"no version 'v9'.*{model.version}"):
        registry.get_model("toy", "v9")


def test_an_absent_or_lost_champion_is_told_apart_from_an_unknown_version(home: Path) -> None:
    model = save()
    with pytest.raises(ArtefactError, match=f"no champion of 'toy' yet.*{model.version}"):
        registry.get_model("toy")
    (home / "aliases").mkdir()
    (home / "aliases/toy.json").write_text('{"champion": "gone"}')
    with pytest.raises(ArtefactError, match=f"no version 'gone'.*{model.version}"):
        registry.get_model("toy")


@pytest.mark.parametrize("text", ["{", "[]", '{"other": 1}', '{"champion": 1}'])
def test_a_damaged_alias_says_what_to_do(text: str, home: Path) -> None:
    registry.promote(save())
    (home / "aliases/toy.json").write_text(text)
    with pytest.raises(ArtefactError, match="halyard models promote"):
        registry.champion_version("toy")


def test_damaged_or_foreign_metadata_is_refused() -> None:
    model = save()
    file = model.folder / registry.METADATA_FILE
    file.write_text("{")
    with pytest.raises(ArtefactError, match="damaged"):
        registry.get_model("toy", model.version)
    file.write_text(json.dumps({**model.metadata, "format": 99}))
    with pytest.raises(ArtefactError, match="format 99"):
        registry.get_model("toy", model.version)


def test_publishing_copies_the_version_to_the_store_that_bentoml_uses(tmp_path: Path) -> None:
    model = save()
    script = (
        "from pipelines import registry; "
        f"model = registry.get_model('toy', '{model.version}'); "
        "registry.publish(model); registry.publish(model)"
    )
    elsewhere = tmp_path / "other"
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "BENTOML_HOME": str(elsewhere)},
        check=True,
    )
    assert (elsewhere / "models/toy" / model.version / registry.METADATA_FILE).is_file()


def make_bento(folder: Path, models: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    bento = folder / "bentos/halyard/v1"
    (bento / "src/pipelines").mkdir(parents=True)
    (bento / "bento.yaml").write_text(f"services:\n- name: halyard\n  models: {models}\n")
    monkeypatch.setattr(served, "__file__", str(bento / "src/pipelines/served.py"))
    return bento


def test_inside_a_bento_the_packaged_version_is_served(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, newer = save(), save()
    registry.promote(newer)
    make_bento(home / "bentoml", f"[{{tag: '{packed.tag}'}}]", monkeypatch)
    found = served.served_model("toy")
    assert found is not None
    assert found.version == packed.version


def test_an_exported_bento_brings_its_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = save()
    bento = make_bento(home / "elsewhere", f"[{{tag: '{packed.tag}'}}]", monkeypatch)
    (bento / "models/toy").mkdir(parents=True)
    packed.folder.rename(bento / "models/toy" / packed.version)
    found = served.served_model("toy")
    assert found is not None
    assert found.folder == bento / "models/toy" / packed.version


def test_a_bento_without_its_model_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_bento(home / "elsewhere", "[{tag: 'toy:gone'}]", monkeypatch)
    with pytest.raises(ArtefactError, match=r"toy:gone is neither.*halyard package"):
        served.served_model("toy")
    # One that it was never given is another matter.
    assert served.served_model("other") is None


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert provenance.git_commit(tmp_path) is None


def test_an_absent_package_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_PACKAGES", ("numpy", "no-such-package"))
    assert provenance.provenance()["packages"] == {"numpy": np.__version__, "no-such-package": None}


def test_the_hardware_is_told() -> None:
    told = provenance.provenance()["hardware"]
    assert told["cores"] >= 1
    assert told["processor"]
    assert set(told) == {"processor", "cores", "threads", "gpu"}
