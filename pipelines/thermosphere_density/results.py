"""What a density back-test leaves behind: metrics.json, hours.parquet and report.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipelines.atomic import write_parquet, write_text
from pipelines.evaluation.rankings import ranking_rows
from pipelines.evaluation.results import strict_json
from pipelines.thermosphere_density.backtest import Judged
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.leads import same_day_rows
from pipelines.thermosphere_density.report_tables import RANKED
from pipelines.thermosphere_density.results_rows import Row, reliability_rows, segment_rows
from pipelines.thermosphere_density.verdict import DensityVerdict, judge
from pipelines.thermosphere_density.verdict_tests import paired_tests

METRICS, HOURS, REPORT = "metrics.json", "hours.parquet", "report.html"
#: What the aims of the verdict were set for.
AIMED = {"truth": "NRLMSIS 2.1", "first": "1997-01", "last": "2008-12", "held_out": [2003]}


@dataclass(frozen=True)
class DensityAbout:
    """Facts that the tables do not hold.

    config            settings of model and back-test, JSON-able
    data_hash         of the fields and their drivers
    seed              of the networks
    truth             what made the fields, such as "NRLMSIS 2.1"
    first, last       months of the fields
    held_out          years that are judged
    satellites        rows of scores against real satellites: model, satellite, year, n, mape,
                      log_rmse, bias, coverage_90
    satellite_storms  the same, with the name of a storm as `year`
    notes             paragraphs for the reader
    versions          time, commit, interpreter, packages (`pipelines.provenance`)
    """

    config: Mapping[str, Any]
    data_hash: str
    seed: int
    truth: str
    first: str
    last: str
    held_out: tuple[int, ...]
    satellites: Sequence[Mapping[str, Any]] = ()
    satellite_storms: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    versions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DensityResults:
    """What was written, and what to tell the person who waits.

    verdict  headline, sentences, aims
    rows     scores by model and segment
    metrics  content of metrics.json
    files    metrics, hours, report -> path
    """

    verdict: DensityVerdict
    rows: list[Row]
    metrics: dict[str, Any]
    files: dict[str, Path]


def write_density_results(judged: Judged, out: Path, about: DensityAbout) -> DensityResults:
    """Score what was judged and write metrics, hours and report into `out`.

    Each file is whole or not there; the report comes last. The same tables give the same
    files. Raises ConfigError when `about` holds what JSON cannot.
    """
    from pipelines.thermosphere_density.report import render_density_report

    rows = segment_rows(judged.hours, judged.ranks, judged.storms)
    tests: list[Row] = []
    if EMULATOR in judged.ranks:
        rivals = [model for model in judged.ranks if model != EMULATOR]
        tests = paired_tests(judged.hours, EMULATOR, rivals)
    verdict = judge(rows, tests, same_day_rows(judged.leads, judged.ranks))
    metrics = metrics_of(judged, rows, tests, verdict, about)
    files = {"metrics": out / METRICS, "hours": out / HOURS, "report": out / REPORT}
    write_text(files["metrics"], strict_json(metrics, "DensityAbout"))
    write_parquet(files["hours"], judged.hours)
    page = render_density_report(judged, rows, tests, verdict, about)
    write_text(files["report"], page)
    return DensityResults(verdict, rows, metrics, files)


def metrics_of(
    judged: Judged,
    rows: list[Row],
    tests: list[Row],
    verdict: DensityVerdict,
    about: DensityAbout,
) -> dict[str, Any]:
    """Everything that was measured as JSON-able data."""
    return {
        "config": dict(about.config),
        "data_hash": about.data_hash,
        "seed": about.seed,
        "truth": about.truth,
        "explained_variance": [float(share) for share in judged.explained],
        "models": {one.name: one.label for one in judged.taking_part},
        "verdict": {
            "headline": verdict.headline,
            "sentences": list(verdict.sentences),
            "goals": [{**asdict(goal), "met": goal.met} for goal in verdict.goals],
        },
        "rows": rows,
        "rankings": ranking_rows(rows, RANKED, ("segment",)),
        "leads": same_day_rows(judged.leads, judged.ranks),
        "reliability": reliability_rows(judged.hours, judged.ranks),
        "tests": tests,
        "storms": [
            {"name": s.name, "peak": str(s.peak), "first": str(s.first), "last": str(s.last)}
            for s in judged.storms
        ],
        "satellites": [dict(row) for row in about.satellites],
        "satellite_storms": [dict(row) for row in about.satellite_storms],
        "versions": dict(about.versions),
    }


def aims_note(about: DensityAbout) -> str:
    """What the aims were set for, where this run is another; "" where it is the same."""
    this = {
        "truth": about.truth,
        "first": about.first,
        "last": about.last,
        "held_out": list(about.held_out),
    }
    if this == AIMED:
        return ""
    return (
        f"The aims were set for {AIMED['truth']} of {AIMED['first']} to {AIMED['last']} without "
        f"2003, judged on 2003. This run is of {about.truth} of {about.first} to {about.last}, "
        f"judged on {', '.join(map(str, about.held_out))}: read them as a yardstick only."
    )
