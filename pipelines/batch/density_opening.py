"""From what is asked for to a job and its points, checked before any work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models.errors import ConfigError
from pipelines.batch.density_columns import CORRECTIONS, ID, NEEDED, refuse_without_columns
from pipelines.batch.file_source import FileSource
from pipelines.batch.memory import Demand
from pipelines.batch.thermosphere_density import LEVELS, DensityJob
from pipelines.datasets.space_weather.table import EMBEDDED, updated_path
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    StoredModel,
    champion_version,
    get_model,
)

#: Measured with the shipped settings (benchmarks/batch_points.py).
DEMAND = Demand(worker_mb=500, row_bytes=600, most_rows=250_000)
#: As many as an HTTP request may ask for.
MOST_LEVELS, MOST_SAMPLES = 50, 200
_STORED = {"satellite": DENSITY_CORRECTION, "assimilated": DENSITY_ASSIMILATION}


def open_density_job(
    model: StoredModel,
    *,
    levels: Sequence[float] = LEVELS,
    correction: str = "none",
    drivers: Path | None = None,
    samples: int = 20,
    seed: int = 0,
) -> DensityJob:
    """The job of these settings. Raises ConfigError or ArtefactError."""
    _check_levels(levels)
    if not 1 <= samples <= MOST_SAMPLES:
        raise ConfigError(f"--samples: expected 1 to {MOST_SAMPLES}, got {samples}")
    weather = updated_path() if updated_path().is_file() else EMBEDDED
    return DensityJob(
        model,
        weather,
        tuple(levels),
        correction,
        _corrections(correction, model),
        drivers,
        samples,
        seed,
    )


def open_point_files(
    text: str, options: Mapping[str, str] | None = None, rows_per_shard: int = DEMAND.most_rows
) -> FileSource:
    """The files that `text` names, without the columns that no point needs. Raises DataError."""
    source = FileSource.open(text, options, rows_per_shard=rows_per_shard)
    if any(file.kind == "csv" for file in source.files):
        return source
    return point_columns(source, f"--input {text}")


def point_columns(source: FileSource, where: str) -> FileSource:
    """The same source without the columns that no point needs. Raises DataError."""
    names = source.names()
    refuse_without_columns(names, where)
    return replace(source, columns=tuple(name for name in (ID, *NEEDED) if name in names))


def _check_levels(levels: Sequence[float]) -> None:
    wrong = [level for level in levels if not 0 < level < 1]
    if wrong or not 1 <= len(levels) <= MOST_LEVELS or len(set(levels)) < len(levels):
        got = ",".join(f"{level:g}" for level in wrong or levels)
        raise ConfigError(
            f"--levels: expected 1 to {MOST_LEVELS} different probabilities above 0 and below 1, "
            f"such as 0.05,0.5,0.95, got {got or 'none'}"
        )


def _corrections(word: str, model: StoredModel) -> dict[str, StoredModel]:
    """What is stored for a word, for this version of the emulator."""
    if word not in CORRECTIONS:
        raise ConfigError(f"--correction: expected {', '.join(CORRECTIONS)}, got {word!r}")
    if word == "none":
        return {}
    name = _STORED[word]
    if champion_version(name) is None:
        raise ConfigError(
            f"--correction {word}: no champion of {name} is stored; fit one with `halyard train "
            f"{DENSITY_CORRECTION}`, or go without"
        )
    stored = get_model(name)
    of = str(stored.metadata["config"].get("emulator"))
    if of != model.tag:
        raise ConfigError(
            f"--correction {word}: {stored.tag} corrects {of}, and {model.tag} is asked; fit it "
            "again, or go without"
        )
    return {name: stored}
