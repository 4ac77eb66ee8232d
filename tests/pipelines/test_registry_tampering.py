"""A version that is not byte for byte what was saved is refused wherever it is used."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import ArtefactError
from pipelines import registry
from tests.pipelines.toy_models import save

SEAL = "metadata.sha256"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def flatter(folder: Path) -> None:
    """Give a version a better score than it has."""
    file = folder / registry.METADATA_FILE
    about = json.loads(file.read_text())
    file.write_text(json.dumps({**about, "metrics": {"rmse": 0.1}}))


def reseal(folder: Path) -> None:
    """Hide a change of the metadata from whoever looks into the folder alone."""
    raw = (folder / registry.METADATA_FILE).read_bytes()
    (folder / SEAL).write_text(f"{hashlib.sha256(raw).hexdigest()}  {registry.METADATA_FILE}\n")


def test_the_seal_is_one_that_sha256sum_reads() -> None:
    model = save()
    raw = (model.folder / registry.METADATA_FILE).read_bytes()
    expected = f"{hashlib.sha256(raw).hexdigest()}  metadata.json\n"
    assert (model.folder / SEAL).read_text() == expected


def test_changed_metadata_are_refused() -> None:
    model = save()
    flatter(model.folder)
    for use in (registry.verify, registry.load_state, registry.promote, registry.challenge):
        with pytest.raises(ArtefactError, match=r"metadata.json is not the one that was saved"):
            use(model)
    with pytest.raises(ArtefactError, match="restore both or train again"):
        registry.get_model("toy", model.version)


def test_metadata_without_their_seal_are_refused() -> None:
    model = save()
    (model.folder / SEAL).unlink()
    with pytest.raises(ArtefactError, match=r"sha256 is not in metadata\.sha256"):
        registry.get_model("toy", model.version)


@pytest.mark.parametrize("relative", ["custom_objects.pkl", "state/extra.json", "x/run.py"])
def test_a_file_that_was_not_saved_is_refused(relative: str) -> None:
    model = save()
    (model.folder / relative).parent.mkdir(exist_ok=True)
    (model.folder / relative).write_bytes(b"")
    with pytest.raises(ArtefactError, match=f"{relative} was not saved with it; remove it"):
        registry.load_state(model)


def test_a_dangling_link_counts_as_a_file() -> None:
    model = save()
    (model.folder / "link").symlink_to("nowhere")
    with pytest.raises(ArtefactError, match="link was not saved with it"):
        registry.verify(model)


def test_bentomls_own_description_is_covered() -> None:
    model = save()
    with (model.folder / "model.yaml").open("a") as file:
        file.write("module: os\n")
    with pytest.raises(ArtefactError, match=r"model\.yaml is not the one that was saved"):
        registry.verify(model)


def test_a_version_under_the_name_of_another_model_is_refused() -> None:
    model = save()
    other = model.folder.parents[1] / "fund-sharpe" / model.version
    shutil.copytree(model.folder, other)
    with pytest.raises(ArtefactError, match=f"holds {model.tag}, not fund-sharpe:"):
        registry.get_model("fund-sharpe", model.version)


def test_a_resealed_version_is_not_the_one_in_the_log() -> None:
    first, second = save(), save()
    registry.promote(first)
    registry.promote(second)
    flatter(first.folder)
    reseal(first.folder)
    # Its folder is in order, so only the log can tell.
    registry.verify(first)
    for use in (lambda: registry.rollback("toy"), lambda: registry.promote(first)):
        with pytest.raises(ArtefactError, match=r"not the version of .* UTC in the audit log"):
            use()
    assert registry.champion_version("toy") == second.version


def test_a_damaged_previous_is_not_rolled_back_to() -> None:
    first, second = save(), save()
    registry.promote(first)
    registry.promote(second)
    (first.folder / "state/arrays.safetensors").write_bytes(b"")
    with pytest.raises(ArtefactError, match="sha256 differs"):
        registry.rollback("toy")
    shutil.rmtree(first.folder)
    with pytest.raises(ArtefactError, match=f"no version '{first.version}'"):
        registry.rollback("toy")
    assert registry.aliases("toy") == {"champion": second.version, "previous": first.version}


def test_one_damaged_version_does_not_hide_the_others() -> None:
    first, second = save(), save()
    flatter(second.folder)
    assert [model.tag for model in registry.list_models("toy")] == [first.tag]
    assert registry.get_model("toy", "latest").tag == first.tag
    (problem,) = registry.damaged_models("toy")
    assert second.tag in problem


def as_first_release(change: Callable[[Path], None] = lambda _: None) -> registry.StoredModel:
    """A version as the first release stored it: without a seal, of format 1."""
    folder = save().folder
    file = folder / registry.METADATA_FILE
    about = json.loads(file.read_text())
    files = {k: v for k, v in about["files"].items() if k.startswith("state/")}
    old = {k: v for k, v in about.items() if k not in ("name", "version", "parent", "study")}
    file.write_text(json.dumps({**old, "format": 1, "files": files}))
    (folder / SEAL).unlink()
    change(folder)
    return registry.get_model("toy", folder.name)


def test_versions_of_the_first_release_are_read_and_promoted(home: Path) -> None:
    model = as_first_release()
    assert registry.load_state(model).arrays["weights"].tolist() == [0.0, 1.0, 2.0]
    registry.promote(model)
    registry.export_model(model, home / "old.bentomodel")
    assert registry.import_model(home / "old.bentomodel").tag == model.tag


def test_the_copy_for_a_build_is_made_again_when_the_last_was_cut_short(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.models import ModelStore

    (home / "theirs").mkdir()
    monkeypatch.setattr(BentoMLContainer.model_store, "get", lambda: ModelStore(home / "theirs"))
    model = save()
    registry.publish(model)
    copied = home / "theirs/toy" / model.version
    (copied / "state/arrays.safetensors").unlink()
    registry.publish(model)
    registry.verify(registry.read_model(copied))
