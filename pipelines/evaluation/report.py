"""The report: one HTML file that needs nothing else, for a screen, a phone and paper."""

from __future__ import annotations

import polars as pl

from pipelines.evaluation.about import ReportAbout
from pipelines.evaluation.evaluate import ALL, SAMPLE, Evaluation
from pipelines.evaluation.mean_test import BARTLETT, RECTANGULAR
from pipelines.evaluation.page import flat, number, page_environment
from pipelines.evaluation.rankings import agreement, ranking_rows, ranking_table
from pipelines.evaluation.report_figures import pictures
from pipelines.evaluation.report_tables import (
    RANKED,
    full_table,
    score_tables,
    significance_tables,
    superiority_table,
)
from pipelines.evaluation.style import Palette
from pipelines.evaluation.verdict import Verdict

TEMPLATE = "report.html.j2"


def render_report(
    table: pl.DataFrame, found: Evaluation, verdict: Verdict, about: ReportAbout
) -> str:
    """Return the HTML of the report; names from data are escaped.

    table  the forecasts behind `found`, for the plots of single series
    """
    palette = Palette(found.models, found.roles.reference)
    slow = found.slow_models
    judged = [model for model in found.roles.reference if model in found.models]
    ranks = ranking_rows(found.rows, RANKED, ("target", "horizon"))
    full = [full_table(found.rows, "All series")]
    if slow:
        full.append(full_table(found.sample_rows, "The sample of series"))
    return (
        page_environment()
        .get_template(TEMPLATE)
        .render(
            about=about,
            verdict=verdict,
            colours={model: palette.colour(model) for model in found.models},
            strip=_strip(table, found, about),
            scores=score_tables(found, ALL),
            rankings=ranking_table(ranks, RANKED, "Mean place over targets and horizons"),
            agreement=agreement(ranks, RANKED),
            significance=[(model, significance_tables(found, model)) for model in judged],
            superiority=superiority_table(found),
            bartlett=_bartlett(found),
            pictures=pictures(table, found, about),
            sample_scores=score_tables(found, SAMPLE) if slow else [],
            slow=slow,
            n_sample=table.filter("sample")["series"].n_unique(),
            settings=list(flat(about.config)),
            provenance=_provenance(about),
            full=full,
        )
    )


def _strip(table: pl.DataFrame, found: Evaluation, about: ReportAbout) -> list[tuple[str, str]]:
    """The few facts that a reader wants first."""
    origins = table.select(pl.col("origin").sort_by("origin_index")).to_series()
    horizons = sorted({s.horizon for s in found.scores})
    return [
        ("series", number(table["series"].n_unique(), 0)),
        ("forecast origins", number(origins.n_unique(), 0)),
        ("first and last origin", f"{origins[0]} – {origins[-1]}"),
        (f"horizons, {about.period}s", ", ".join(str(h) for h in horizons)),
        ("models", str(len(found.models))),
        ("forecasts scored", number(sum(s.row["n_forecasts"] for s in found.scores), 0)),
    ]


def _bartlett(found: Evaluation) -> str:
    """How often the paper's estimator of the variance failed, in words; "" for never."""
    dm = [row for row in found.tests if row["method"] in (RECTANGULAR, BARTLETT)]
    count = sum(row["method"] == BARTLETT for row in dm)
    if not count:
        return ""
    return (
        f"In {count} of {len(dm)} tests the paper's variance was not positive and Bartlett "
        "weights stood in."
    )


def _provenance(about: ReportAbout) -> list[tuple[str, str]]:
    return [("data", about.data_hash), ("seed", str(about.seed)), *flat(about.versions)]
