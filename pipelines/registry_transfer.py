"""A stored version as one file, to take to another machine, and back.

The file is a tar archive, compressed by xz, that BentoML reads as well (.bentomodel). The
same version gives the same bytes. An archive comes from outside, so nothing of it is
believed: only plain files that its metadata list, with their sha256, of kinds that hold no
code, ever reach the store.
"""

from __future__ import annotations

import lzma
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import yaml

from models.errors import ArtefactError, DataError
from pipelines import registry_audit as audit
from pipelines.registry_aliases import locked
from pipelines.registry_promotion import reconcile
from pipelines.registry_store import model_folder, put_in_place, staging
from pipelines.registry_version import (
    BENTOML_FILE,
    METADATA_FILE,
    SEAL_FILE,
    STATE_FOLDER,
    StoredModel,
    digest,
    files_below,
    is_word,
    load_state,
    read_model,
    verify,
)

ENDING = ".bentomodel"
#: Bytes that an archive may unpack to; the largest model here has a few hundred million.
LARGEST = 4 * 2**30
_TOP = {METADATA_FILE, SEAL_FILE, BENTOML_FILE}
_STATE_ENDINGS = (".json", ".safetensors")
#: Weights hardly shrink: a higher level takes ten times as long for nothing.
_XZ_LEVEL = 0


def export_model(model: StoredModel, file: Path) -> None:
    """Write a version as one .bentomodel file, whole or not at all.

    Raises ArtefactError for a damaged version, DataError for a file of another ending.
    """
    from pipelines.atomic import write_atomic

    if file.suffix != ENDING:
        raise DataError(f"{file}: expected a name that ends in {ENDING}")
    verify(model)

    def pack(target: BinaryIO) -> None:
        with (
            lzma.open(target, "wb", preset=_XZ_LEVEL) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
        ):
            for relative in files_below(model.folder):
                _add(archive, model.folder / relative, relative)

    write_atomic(file, pack)


def import_model(file: Path, *, why: str = "") -> StoredModel:
    """Put an exported version into the store, checked; aliases stay as they are.

    One that is there already is left, and returned. Raises DataError when the file is no
    archive of a version, ArtefactError when it is not as it was saved, or another version
    of the same tag is stored.
    """
    if not file.is_file():
        raise DataError(f"{file}: no such file; make one with `halyard models export`")
    with staging() as aside:
        # No model can be called so.
        unpacked = aside / "_unpacked"
        unpacked.mkdir()
        _unpack(file, unpacked)
        model = _named(unpacked, file)
        load_state(model)
        return _take_in(model, file, why)


def _take_in(model: StoredModel, file: Path, why: str) -> StoredModel:
    final = model_folder(model.name, model.version)
    with locked(model.name):
        reconcile(model.name)
        if (final / METADATA_FILE).is_file():
            return _same(read_model(final), model, file)
        record = audit.intent(
            audit.IMPORT,
            None,
            model.version,
            why=why,
            evidence=file,
            actor=None,
            digest=digest(model),
        )
        audit.append(model.name, record)
        stored = put_in_place(model.folder)
        audit.append(model.name, audit.outcome(record, audit.DONE))
    return stored


def _same(stored: StoredModel, given: StoredModel, file: Path) -> StoredModel:
    if digest(stored) != digest(given):
        raise ArtefactError(
            f"{file}: holds another {given.tag} than the one in {stored.folder}; versions never "
            "change, so one of them was not made by `halyard models export`"
        )
    verify(stored)
    return stored


def _add(archive: tarfile.TarFile, path: Path, relative: str) -> None:
    # Owner, time and mode of the file are left out: they would change the bytes.
    member = tarfile.TarInfo(relative)
    member.size, member.mode = path.stat().st_size, 0o644
    with path.open("rb") as stream:
        archive.addfile(member, stream)


def _unpack(file: Path, folder: Path) -> None:
    """Write the plain files of an archive into a folder, and nothing elsewhere."""
    left = LARGEST
    try:
        with tarfile.open(file, "r:xz") as archive:
            for member in archive:
                if member.isdir():
                    continue
                left -= member.size
                if left < 0:
                    raise DataError(f"{file}: unpacks to more than {LARGEST} bytes; refused")
                target = folder / _safe(member, file)
                target.parent.mkdir(parents=True, exist_ok=True)
                stream = archive.extractfile(member)
                with target.open("xb") as out:
                    _copy(stream, out)
    except FileExistsError as error:
        raise DataError(f"{file}: holds {Path(error.filename).name} twice; refused") from error
    except (tarfile.TarError, lzma.LZMAError, EOFError, NotADirectoryError) as error:
        raise DataError(
            f"{file}: expected a file made by `halyard models export`, which this is not, or "
            f"it is cut short ({error})"
        ) from error


def _copy(stream: IO[bytes] | None, out: BinaryIO) -> None:
    while stream is not None and (piece := stream.read(2**20)):
        out.write(piece)


def _safe(member: tarfile.TarInfo, file: Path) -> PurePosixPath:
    """Where a member belongs. Raises DataError for one that may not be unpacked."""
    path = PurePosixPath(member.name)
    kind = path.suffix in _STATE_ENDINGS and path.parts[:1] == (STATE_FOLDER,)
    if not member.isreg() or path.is_absolute() or ".." in path.parts:
        raise DataError(f"{file}: {member.name!r} is a link, or leads out of it; refused")
    if str(path) not in _TOP and not kind:
        raise DataError(
            f"{file}: {member.name!r} does not belong to a model; expected {METADATA_FILE}, "
            f"{BENTOML_FILE} and {STATE_FOLDER}/ with {' and '.join(_STATE_ENDINGS)} only"
        )
    return path


def _named(unpacked: Path, file: Path) -> StoredModel:
    """The version in its place aside, <name>/<version>, once its name is known."""
    try:
        about: Any = yaml.safe_load((unpacked / BENTOML_FILE).read_text("utf-8"))
        name, version, module = about["name"], about["version"], about.get("module")
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file}: its {BENTOML_FILE} is missing or damaged") from error
    words = all(isinstance(word, str) and is_word(word) for word in (name, version))
    if not words or module:
        raise DataError(
            f"{file}: its {BENTOML_FILE} has a name, version or module that is not allowed; "
            "expected words of lower-case letters and digits, and no module"
        )
    folder = unpacked.parent / name / version
    folder.parent.mkdir()
    unpacked.rename(folder)
    return read_model(folder)
