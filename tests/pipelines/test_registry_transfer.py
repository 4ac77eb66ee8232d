"""A version travels as one file, the same bytes each time; nothing unsafe comes back in."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import ArtefactError, DataError
from pipelines import registry, registry_transfer
from tests.pipelines.toy_models import save

Contents = dict[str, bytes]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "here"))
    return tmp_path


def exported(folder: Path) -> Path:
    """A file that holds a version, which the next home has not."""
    file = folder / "toy.bentomodel"
    registry.export_model(save(), file)
    return file


def contents(file: Path) -> Contents:
    with tarfile.open(file, "r:xz") as archive:
        return {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]


def member(name: str, data: bytes, **changes: object) -> tuple[tarfile.TarInfo, io.BytesIO]:
    about = tarfile.TarInfo(name)
    about.size = len(data)
    for key, value in changes.items():
        setattr(about, key, value)
    return about, io.BytesIO(data)


def pack(file: Path, inside: Contents, *more: tuple[tarfile.TarInfo, io.BytesIO]) -> Path:
    with tarfile.open(file, "w:xz") as archive:
        for about, data in [*(member(*item) for item in inside.items()), *more]:
            archive.addfile(about, data)
    return file


def refused(file: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Why an import into an empty home is refused; the home stays empty."""
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    with pytest.raises((DataError, ArtefactError)) as caught:
        registry.import_model(file)
    assert registry.list_models() == []
    assert [p for p in (home / "there").rglob("*") if p.is_file()] == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_same_version_gives_the_same_bytes(home: Path) -> None:
    model = save()
    for name in ("a", "b"):
        registry.export_model(model, home / f"{name}.bentomodel")
        # What differs between machines does not matter.
        for path in model.folder.rglob("*"):
            path.chmod(0o700)
            path.touch()
    assert (home / "a.bentomodel").read_bytes() == (home / "b.bentomodel").read_bytes()


def test_an_imported_version_is_the_same_and_no_champion(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, file = save(seed=9), home / "toy.bentomodel"
    registry.promote(model)
    registry.export_model(model, file)
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    found = registry.import_model(file, why="from the laptop")
    assert (found.tag, found.metadata) == (model.tag, model.metadata)
    assert registry.load_state(found).arrays["weights"].tolist() == [0.0, 1.0, 2.0]
    assert registry.aliases("toy") == {}
    (record,) = registry.audit_records("toy")
    assert (record["action"], record["why"]) == ("import", "from the laptop")
    assert record["evidence"]["path"] == str(file)


def test_importing_again_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = exported(home)
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    assert registry.import_model(file).tag == registry.import_model(file).tag
    assert len(registry.audit_records("toy")) == 1


def test_an_older_import_does_not_become_the_latest_of_bentoml(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = exported(home)
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    newer = save()
    registry.import_model(file)
    assert (newer.folder.parent / "latest").read_text() == newer.version
    assert registry.get_model("toy", "latest").tag == newer.tag


def test_bentoml_reads_our_file_and_we_read_its(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bentoml
    from bentoml._internal.models import ModelStore

    file = exported(home)
    (home / "theirs").mkdir()
    theirs = ModelStore(home / "theirs")
    tag = bentoml.models.import_model(str(file), _model_store=theirs).tag
    bentoml.models.export_model(tag, str(home / "back.bentomodel"), _model_store=theirs)
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    assert registry.import_model(home / "back.bentomodel").tag == str(tag)


def test_a_damaged_version_is_not_exported(home: Path) -> None:
    model = save()
    (model.folder / "state/state.json").write_bytes(b"{}")
    with pytest.raises(ArtefactError, match="sha256 differs"):
        registry.export_model(model, home / "toy.bentomodel")
    assert not (home / "toy.bentomodel").exists()


def test_only_one_ending_is_written_and_a_missing_file_is_named(home: Path) -> None:
    with pytest.raises(DataError, match=r"ends in \.bentomodel"):
        registry.export_model(save(), home / "toy.zip")
    with pytest.raises(DataError, match="no such file; make one with"):
        registry.import_model(home / "gone.bentomodel")


@pytest.mark.parametrize("name", ["../up.json", "/tmp/up.json", "state/../../up.json"])
def test_a_path_that_leads_out_is_refused(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pack(home / "bad.bentomodel", contents(exported(home)), member(name, b"{}"))
    assert "leads out of it" in refused(file, home, monkeypatch)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(
    kind: bytes, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = member("state/extra.json", b"", type=kind, linkname="/etc/passwd")
    file = pack(home / "bad.bentomodel", contents(exported(home)), bad)
    assert "is a link" in refused(file, home, monkeypatch)


@pytest.mark.parametrize("name", ["custom_objects.pkl", "state/run.py", "state/x.pkl", "a.json"])
def test_code_and_strange_files_are_refused(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pack(home / "bad.bentomodel", contents(exported(home)), member(name, b"x"))
    assert "does not belong to a model" in refused(file, home, monkeypatch)


def test_a_file_that_the_metadata_do_not_list_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pack(home / "bad.bentomodel", contents(exported(home)), member("state/x.json", b"{}"))
    assert "state/x.json was not saved with it" in refused(file, home, monkeypatch)


def test_a_file_that_comes_twice_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = member("metadata.json", b"{}")
    file = pack(home / "bad.bentomodel", contents(exported(home)), twice)
    assert "holds metadata.json twice" in refused(file, home, monkeypatch)


def test_what_unpacks_to_too_much_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = exported(home)
    size = sum(map(len, contents(file).values()))
    monkeypatch.setattr(registry_transfer, "LARGEST", size - 1)
    assert f"unpacks to more than {size - 1} bytes" in refused(file, home, monkeypatch)
    monkeypatch.setattr(registry_transfer, "LARGEST", size)
    registry.import_model(file)


@pytest.mark.parametrize("name", ["state/arrays.safetensors", "metadata.json", "model.yaml"])
def test_one_changed_byte_is_refused(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = contents(exported(home))
    inside[name] = inside[name].replace(b"a", b"b", 1)
    assert inside[name] != contents(home / "toy.bentomodel")[name]
    refused(pack(home / "bad.bentomodel", inside), home, monkeypatch)


def test_a_file_cut_short_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, cut = exported(home).read_bytes(), home / "cut.bentomodel"
    # Of the last bytes some are mere padding: all files are there, and checked.
    for length in range(0, len(whole) - 100, 97):
        cut.write_bytes(whole[:length])
        assert "cut short" in refused(cut, home, monkeypatch)


def described(change: Callable[[str], str], home: Path) -> Path:
    inside = contents(exported(home))
    inside["model.yaml"] = change(inside["model.yaml"].decode()).encode()
    return pack(home / "bad.bentomodel", inside)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: toy", "name: ../../toy"),
        ("name: toy", "name: [toy]"),
        ("module: ''", "module: os"),
    ],
)
def test_a_description_that_names_a_path_or_code_is_refused(
    before: str, after: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = described(lambda text: text.replace(before, after), home)
    assert "name, version or module that is not allowed" in refused(file, home, monkeypatch)


@pytest.mark.parametrize(
    "text", ["", "- a", "{", "!!python/object/apply:os.system ['x']", "\x00", "version: a"]
)
def test_a_description_that_is_none_is_refused(
    text: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = refused(described(lambda _: text, home), home, monkeypatch)
    assert "model.yaml is missing or damaged" in told


def test_a_version_under_another_name_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = described(lambda text: text.replace("name: toy", "name: fund-sharpe"), home)
    assert "holds toy:" in refused(file, home, monkeypatch)


def test_another_version_of_the_same_tag_is_not_written_over(home: Path) -> None:
    file = exported(home)
    model = registry.get_model("toy", "latest")
    inside = contents(file)
    about = json.loads(inside["metadata.json"])
    folder = home / "other" / model.name / model.version
    folder.mkdir(parents=True)
    for name, data in inside.items():
        if not name.startswith("metadata"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
    from pipelines.registry_version import read_model, seal

    seal(folder, {**about, "metrics": {"rmse": 0.1}})
    registry.export_model(read_model(folder), home / "other.bentomodel")
    with pytest.raises(ArtefactError, match=f"holds another {model.tag} than the one in"):
        registry.import_model(home / "other.bentomodel")
    assert registry.get_model("toy", "latest").metadata["metrics"] == {"rmse": 1.5}
