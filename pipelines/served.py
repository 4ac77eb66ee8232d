"""Which models this process answers with: those packed into its Bento, else the champions.

Corrections by satellites belong to one version of the emulator, so the three are chosen
together: a correction of another emulator is left out, however it was promoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from models.errors import ArtefactError
from pipelines.environment import halyard_home
from pipelines.registry import (
    CHAMPION,
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    METADATA_FILE,
    PREVIOUS,
    THERMOSPHERE_DENSITY,
    StoredModel,
    alias_version,
    get_model,
    read_model,
)
from pipelines.registry_aliases import alias_path

#: Names that the service answers for, and those that only go with the second.
SERVED = (FUND_SHARPE, THERMOSPHERE_DENSITY)
EXTRAS = (DENSITY_CORRECTION, DENSITY_ASSIMILATION)
#: Of each, all the names that go live with it, itself first.
GROUPS = {FUND_SHARPE: (FUND_SHARPE,), THERMOSPHERE_DENSITY: (THERMOSPHERE_DENSITY, *EXTRAS)}
#: The service takes monthly returns.
SERVED_PERIODS_PER_YEAR = 12


@dataclass(frozen=True)
class Choice:
    """Models that go live together, by name, and why one that was promoted does not.

    left_out  (model, reason)
    """

    models: Mapping[str, StoredModel]
    left_out: tuple[tuple[StoredModel, str], ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """Version by name."""
        return {name: model.version for name, model in self.models.items()}


def choose(name: str, alias: str = CHAMPION) -> Choice:
    """What answers for one of SERVED; nothing where nobody holds the alias.

    A correction goes with the emulator that it was fitted for: the champion, or else the
    previous one. So a correction can be promoted before its emulator, both can be rolled
    back one after the other, and the pair always fits.

    Raises ArtefactError when a model is not where it should be.
    """
    main = served_model(name, alias)
    if main is None:
        return Choice({})
    models, left_out = {name: main}, []
    for extra in GROUPS[name][1:]:
        champion = served_model(extra)
        if champion is None:
            continue
        reason = reason_against(champion, main.tag)
        if reason is not None:
            left_out.append((champion, reason))
        fitting = champion if reason is None else _fitting_previous(extra, main.tag)
        if fitting is not None:
            models[extra] = fitting
    return Choice(models, tuple(left_out))


def _fitting_previous(extra: str, emulator_tag: str) -> StoredModel | None:
    """The correction before the champion, if it fits."""
    try:
        found = served_model(extra, PREVIOUS)
    except ArtefactError:
        # Nobody promised that it still exists.
        return None
    return None if found is None or reason_against(found, emulator_tag) else found


def chosen_before(name: str, versions: Mapping[str, str]) -> Choice:
    """The models that answered with these versions. Raises ArtefactError when one is gone."""
    names = [member for member in GROUPS[name] if member in versions]
    return Choice({member: get_model(member, versions[member]) for member in names})


def promoted_at(name: str) -> tuple[int, int, int] | None:
    """What changes whenever a version of a name is promoted, also the same one again.

    Cheap enough to be asked every second; None where nothing was promoted.
    """
    try:
        found = alias_path(name, ".json").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def reason_against(correction: StoredModel, emulator_tag: str) -> str | None:
    """Why a correction cannot go with an emulator, None when it can."""
    of = str(correction.metadata["config"].get("emulator"))
    if of == emulator_tag:
        return None
    return (
        f"{correction.tag} corrects {of}, and {emulator_tag} is served; fit it again, or promote "
        "a correction of this emulator"
    )


def served_models() -> dict[str, StoredModel]:
    """The models to answer with, by name; a name without a model is left out.

    Raises ArtefactError when there is none at all, or one is not where it should be.
    """
    found = {stored.name: stored for stored in served_champions()}
    if not found:
        raise ArtefactError(
            f"no champion of {' or '.join(map(repr, SERVED))} in {halyard_home()}: `halyard "
            "serve` trains them, or choose versions with `halyard models promote`"
        )
    return found


def served_champions() -> list[StoredModel]:
    """The same, and none where there is none. Raises ArtefactError."""
    return [model for name in SERVED for model in choose(name).models.values()]


def served_model(name: str, alias: str = CHAMPION) -> StoredModel | None:
    """One model to answer with: inside a Bento the packaged one, else who holds the alias.

    Raises ArtefactError when it is not where it should be.
    """
    bento = enclosing_bento()
    if bento is not None:
        return _packaged_model(bento, name)
    version = alias_version(name, alias)
    return None if version is None else get_model(name, version)


def _packaged_model(bento: Path, name: str) -> StoredModel | None:
    document = yaml.safe_load((bento / "bento.yaml").read_text("utf-8"))
    listed = [*document.get("models", ()), *(m for s in document["services"] for m in s["models"])]
    tags = {str(entry["tag"]) for entry in listed}
    versions = [tag.partition(":")[2] for tag in sorted(tags) if tag.startswith(f"{name}:")]
    for version in versions:
        # An exported or containerised Bento brings its models; one in a store shares them.
        for models in (bento / "models", bento / "../../../models"):
            folder = models / name / version
            if (folder / METADATA_FILE).is_file():
                return read_model(folder)
    if not versions:
        return None
    raise ArtefactError(
        f"Bento {bento}: model {name}:{versions[0]} is neither in it nor in its store; import "
        "the exported Bento, or build it again with `halyard package`"
    )


def enclosing_bento() -> Path | None:
    """The Bento that this file was packed into: <bento>/src/pipelines/served.py."""
    source = Path(__file__).resolve().parents[1]
    bento = source.parent
    return bento if source.name == "src" and (bento / "bento.yaml").is_file() else None
