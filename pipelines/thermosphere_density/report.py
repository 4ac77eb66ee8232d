"""The report of a density back-test: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evaluation.page import flat, number, page_environment
from pipelines.evaluation.rankings import agreement, ranking_rows, ranking_table
from pipelines.evaluation.style import Palette
from pipelines.thermosphere_density.backtest import Judged
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.leads import same_day_rows
from pipelines.thermosphere_density.report_figures import pictures
from pipelines.thermosphere_density.report_tables import (
    RANKED,
    goal_table,
    lead_table,
    satellite_table,
    score_table,
    segment_groups,
    significance_table,
)
from pipelines.thermosphere_density.results import DensityAbout, aims_note
from pipelines.thermosphere_density.results_rows import Row
from pipelines.thermosphere_density.scoring import CELL_STEP
from pipelines.thermosphere_density.verdict import DensityVerdict

PACKAGE, TEMPLATE = "pipelines.thermosphere_density", "density.html.j2"
TITLE = "Thermosphere density: back-test"
QUESTION = (
    "How far is the emulated density from the truth through five days without looking, in calm "
    "and storm, is its spread honest, and which simpler model does as well?"
)


def render_density_report(
    judged: Judged,
    rows: Sequence[Row],
    tests: Sequence[Row],
    verdict: DensityVerdict,
    about: DensityAbout,
) -> str:
    """Return the HTML; names from data are escaped. The same input gives the same text."""
    palette = density_palette(judged)
    note = aims_note(about)
    ranks = ranking_rows(rows, RANKED, ("segment",))
    return (
        page_environment(PACKAGE)
        .get_template(TEMPLATE)
        .render(
            about={
                "title": TITLE,
                "question": QUESTION,
                "truth": about.truth,
                "notes": about.notes,
            },
            verdict={
                "headline": verdict.headline,
                "sentences": [*_missed(verdict), *([note] if note else [])],
            },
            cell_step=CELL_STEP,
            comparisons=[s for s in verdict.sentences if not _is_goal(s, verdict)],
            goals=goal_table(verdict),
            colours={model: palette.colour(model) for model in judged.ranks},
            strip=_strip(judged, about),
            scores=[
                score_table(rows, score, segment_groups(rows))
                for score in ("mape", "nlpd", "crps", "calibration_error_score", "coverage_90")
            ],
            rankings=ranking_table(ranks, RANKED, "Mean place over the columns above"),
            agreement=agreement(ranks, RANKED),
            leads=lead_table(same_day_rows(judged.leads, judged.ranks)),
            significance=significance_table(tests),
            pictures=pictures(judged, rows, palette),
            models=[(one.name, one.label, judged.ranks[one.name]) for one in judged.taking_part],
            satellites=satellite_table(about.satellites, "year"),
            satellite_storms=satellite_table(about.satellite_storms, "storm"),
            settings=list(flat(about.config)),
            provenance=[
                ("data", about.data_hash),
                ("seed", str(about.seed)),
                *flat(about.versions),
            ],
        )
    )


def density_palette(judged: Judged) -> Palette:
    """The emulators in strong colours, the others in calm ones."""
    models = list(judged.ranks)
    return Palette(models, [model for model in models if model.startswith(EMULATOR)])


def _missed(verdict: DensityVerdict) -> list[str]:
    return [goal.sentence for goal in verdict.goals if not goal.met]


def _is_goal(sentence: str, verdict: DensityVerdict) -> bool:
    return any(sentence == goal.sentence for goal in verdict.goals)


def _strip(judged: Judged, about: DensityAbout) -> list[tuple[str, str]]:
    """The few facts that a reader wants first."""
    windows = judged.hours["window"].n_unique()
    return [
        ("truth", about.truth),
        ("fields", f"{about.first} – {about.last}"),
        ("years judged", ", ".join(map(str, about.held_out))),
        ("windows", number(windows, 0)),
        ("hours judged", number(judged.hours["hour"].n_unique(), 0)),
        ("models", str(len(judged.ranks))),
        ("components", str(judged.ranks.get(EMULATOR, "–"))),
    ]
