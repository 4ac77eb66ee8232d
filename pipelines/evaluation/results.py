"""What a back-test leaves behind: metrics.json, forecasts.parquet and report.html."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models.errors import ConfigError
from pipelines.atomic import write_parquet, write_text
from pipelines.evaluation.about import ReportAbout
from pipelines.evaluation.evaluate import Evaluation, evaluate
from pipelines.evaluation.rankings import ranking_rows
from pipelines.evaluation.report import render_report
from pipelines.evaluation.report_tables import RANKED, text_tables
from pipelines.evaluation.schema import check_table
from pipelines.evaluation.verdict import Verdict, judge

METRICS, FORECASTS, REPORT = "metrics.json", "forecasts.parquet", "report.html"


@dataclass(frozen=True)
class Results:
    """What was written, and what to tell the person who waits.

    verdict  headline and sentences
    text     RMSE and CRPS by horizon, plain text for the console
    metrics  content of metrics.json
    files    metrics, forecasts, report -> path
    """

    verdict: Verdict
    text: str
    metrics: dict[str, Any]
    files: dict[str, Path]


def write_results(table: pl.DataFrame, out: Path, about: ReportAbout) -> Results:
    """Judge a table of forecasts and write metrics, forecasts and report into `out`.

    Each file is whole or not there; the report comes last. The same table and seed give
    the same metrics. Raises DataError when the table is not one of forecasts and
    ConfigError when `about` does not fit it.
    """
    table = check_table(table)
    found = evaluate(table, about.roles, about.seed)
    verdict = judge(found)
    metrics = metrics_of(found, verdict, about)
    files = {"metrics": out / METRICS, "forecasts": out / FORECASTS, "report": out / REPORT}
    write_text(files["metrics"], strict_json(metrics, "ReportAbout.config and .versions"))
    write_parquet(files["forecasts"], table)
    write_text(files["report"], render_report(table, found, verdict, about))
    return Results(verdict, text_tables(found), metrics, files)


def metrics_of(found: Evaluation, verdict: Verdict, about: ReportAbout) -> dict[str, Any]:
    """Return everything that was measured as JSON-able data."""
    return {
        "config": dict(about.config),
        "data_hash": about.data_hash,
        "seed": about.seed,
        "verdict": {"headline": verdict.headline, "sentences": list(verdict.sentences)},
        "rows": found.rows,
        "sample_rows": found.sample_rows,
        "rankings": ranking_rows(found.rows, RANKED, ("target", "horizon")),
        "tests": found.tests,
        "superiority": found.superiority,
        "mcs": found.mcs,
        "versions": dict(about.versions),
    }


def strict_json(metrics: dict[str, Any], given: str) -> str:
    """A NaN or a foreign type is an error here, not at the reader's.

    given   what the values came in, for the message
    """
    try:
        return json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{given}: expected values that JSON can hold, got {error}; "
            "pass text, finite numbers, lists and mappings"
        ) from error
